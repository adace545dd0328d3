//! The commands, one file each.

pub(crate) mod list;
pub(crate) mod plan;
pub(crate) mod report;
pub(crate) mod resume;
pub(crate) mod run;
pub(crate) mod show;
