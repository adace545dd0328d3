//! The command line of sgdyn.

fn main() {}
