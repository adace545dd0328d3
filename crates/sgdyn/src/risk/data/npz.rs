//! npz, numpy's format of several arrays: a zip archive of npy files.

use std::io::{Cursor, Read};

use zip::ZipArchive;

use super::array::Array;
use super::collection::NamedArray;
use super::format_error::FormatError;
use super::gzip::MOST_INFLATED;
use super::npy;

/// How every archive that is not empty begins.
pub(super) const MAGIC: &[u8] = b"PK\x03\x04";

/// numpy writes headers of 118 or so bytes; those of longer shapes fit all the same.
const HEADER: u64 = 1 << 16;

pub(super) struct Archive<'b>(ZipArchive<Cursor<&'b [u8]>>);

/// The archive, and the arrays in it in the order of their names' places; what is no npy file is passed over.
pub(super) fn open(bytes: &[u8]) -> Result<(Archive<'_>, Vec<NamedArray>), FormatError> {
    if !bytes.starts_with(&MAGIC[..2]) {
        let found = bytes[..bytes.len().min(8)].to_vec();
        return Err(FormatError::Magic { format: "an npz file (a zip archive)", found });
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes))?;
    let mut arrays = Vec::new();
    for index in 0..archive.len() {
        let Ok(member) = archive.by_index(index) else { continue };
        let Some(name) = member.name().ok().and_then(|name| Some(name.strip_suffix(".npy")?.to_owned()))
        else {
            continue;
        };
        // What comes before damage is enough for a header; the damage is told when the array is asked for.
        let mut head = Vec::new();
        let _ = member.take(HEADER).read_to_end(&mut head);
        let shape = npy::Header::parse(&head).map(|header| header.shape);
        arrays.push(NamedArray { name, shape: shape.ok() });
    }
    Ok((Archive(archive), arrays))
}

impl Archive<'_> {
    pub(super) fn array(&mut self, name: &str) -> Result<Array, FormatError> {
        let member = self.0.by_name(&format!("{name}.npy"))?;
        // Memory grows with what is inflated, not with what the archive promises.
        let mut content = Vec::new();
        member.take(MOST_INFLATED + 1).read_to_end(&mut content).map_err(FormatError::Member)?;
        if content.len() as u64 > MOST_INFLATED {
            return Err(FormatError::Inflated { limit: MOST_INFLATED });
        }
        npy::array(&content)
    }
}
