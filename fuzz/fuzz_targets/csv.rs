//! A data file of any bytes, plain or compressed, is read or refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sgdyn::risk::{CsvOptions, Dataset, LabelKind};

fuzz_target!(|bytes: &[u8]| {
    for labels in [LabelKind::Classes, LabelKind::Targets] {
        let options = CsvOptions { labels, ..CsvOptions::default() };
        // What matters is that it returns.
        let _ = Dataset::from_csv_bytes("fuzz.csv", bytes, &options);
    }
});
