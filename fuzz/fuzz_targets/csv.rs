//! A table of any bytes, plain or compressed, is read or refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sgdyn::risk::{Dataset, IncompleteRows, LabelKind, ReadOptions};

fuzz_target!(|bytes: &[u8]| {
    for labels in [LabelKind::Classes, LabelKind::Targets] {
        let incomplete_rows = IncompleteRows::Drop;
        let options = ReadOptions { labels, incomplete_rows, ..ReadOptions::default() };
        // What matters is that it returns.
        let _ = Dataset::from_bytes("fuzz.csv", bytes, &options);
    }
});
