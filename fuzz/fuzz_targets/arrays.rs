//! IDX, npy, npz and safetensors files of any bytes, plain or compressed, are read or refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sgdyn::risk::{Dataset, LabelKind, ReadOptions, Text};

fuzz_target!(|bytes: &[u8]| {
    let options = ReadOptions { labels: LabelKind::Targets, ..ReadOptions::default() };
    // What matters is that they return. The last name leaves the format to the content.
    for name in ["fuzz-ubyte", "fuzz.npy", "fuzz.npz", "fuzz.safetensors", "fuzz"] {
        let _ = Dataset::from_bytes(name, bytes, &options);
    }
    let _ = Text::from_bytes("fuzz.txt", bytes);
});
