//! What can be wrong with the bytes of a data file.

use std::io;

/// Bytes that are not what their format says.
///
/// Offsets count bytes from 0, in the file as it is after decompression.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// The first bytes are not those of the format that the file's name announces.
    #[error("not {format}: the file begins with {found:02x?}; rename it to what it is, or save it again")]
    Magic {
        /// The format that was expected.
        format: &'static str,
        /// The first bytes, at most 8.
        found: Vec<u8>,
    },
    /// The file ends before what its header promises.
    #[error("truncated: its header promises {needed} bytes, and there are {held}")]
    Truncated {
        /// The length that the header implies, at least.
        needed: u128,
        /// The length of the file.
        held: usize,
    },
    /// The file goes on after what its header promises.
    #[error("ends {} bytes after its last element, at offset {end}; header and content disagree", held - end)]
    Surplus {
        /// Where the last element ends.
        end: usize,
        /// The length of the file.
        held: usize,
    },
    /// The shape has more elements than can be counted.
    #[error("the shape {shape:?} has more elements than any file can hold")]
    Overflow {
        /// The shape.
        shape: Vec<usize>,
    },
    /// An IDX file of unknown elements.
    #[error("element type 0x{code:02x} at offset 2: IDX knows 0x08, 0x09, 0x0b, 0x0c, 0x0d and 0x0e")]
    IdxElement {
        /// The code.
        code: u8,
    },
    /// A version of the npy format that does not exist.
    #[error("npy version {version} at offset 6: versions 1, 2 and 3 are known")]
    NpyVersion {
        /// The version.
        version: u8,
    },
    /// The header of an npy array is not the dictionary it should be.
    #[error("npy header, offset {offset}: expected {expected}")]
    NpyHeader {
        /// Where.
        offset: usize,
        /// What should stand there.
        expected: &'static str,
    },
    /// An array of Python objects: reading it would run code.
    #[error(
        "an array of Python objects ({element}), which only pickle reads; save it as numbers: numpy.save(file, numpy.asarray(x, float))"
    )]
    Objects {
        /// Its type in the header.
        element: String,
    },
    /// Elements that are no real numbers, or of a type that is not read.
    #[error("elements of type {element}; {format} arrays of {known} are read")]
    Element {
        /// The format.
        format: &'static str,
        /// The type in the header.
        element: String,
        /// The types that are read.
        known: &'static str,
    },
    /// A safetensors header that is not the JSON it should be.
    #[error("safetensors header, byte {offset} of the file: {source}")]
    SafetensorsHeader {
        /// About where.
        offset: usize,
        /// What the JSON reader says.
        source: serde_json::Error,
    },
    /// An entry of a safetensors header that describes no tensor.
    #[error("safetensors header, tensor `{name}`: {source}")]
    SafetensorsEntry {
        /// The tensor.
        name: String,
        /// What the JSON reader says.
        source: serde_json::Error,
    },
    /// The bytes of a tensor are not where or not as many as they must be.
    #[error(
        "tensor `{name}` of shape {shape:?} lies at offsets {begin}..{end} of {held} bytes of data; it needs {needed}"
    )]
    SafetensorsPlace {
        /// The tensor.
        name: Box<str>,
        /// Its shape.
        shape: Box<[usize]>,
        /// Where it begins in the data.
        begin: usize,
        /// Where it ends.
        end: usize,
        /// The bytes of data.
        held: usize,
        /// The bytes that its shape and type need.
        needed: u128,
    },
    /// Compressed content that cannot be inflated: cut off or damaged.
    #[error("the gzip stream cannot be inflated: {0}; it is cut off or damaged")]
    Gzip(#[source] io::Error),
    /// Content that inflates beyond all measure.
    #[error("inflates to more than {limit} bytes; store it uncompressed if it is meant to")]
    Inflated {
        /// What is read at most.
        limit: u64,
    },
    /// The archive cannot be read.
    #[error("the zip archive cannot be read: {0}; save it again by numpy.savez or numpy.savez_compressed")]
    Zip(#[from] zip::result::ZipError),
    /// A member of the archive cannot be inflated, or its check sum is wrong.
    #[error("the member cannot be inflated: {0}; it is cut off or damaged")]
    Member(#[source] io::Error),
}
