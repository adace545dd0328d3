//! Files compressed by gzip, told by their content.

use std::borrow::Cow;
use std::io::Read;

use super::format_error::FormatError;

/// A gigabyte of bytes is 8 GiB of numbers; the few megabytes of a malicious file inflate to more.
pub(super) const MOST_INFLATED: u64 = 4 << 30;

const MAGIC: &[u8] = &[0x1f, 0x8b];

/// The content of a file, inflated if it is compressed.
pub(super) fn inflated(bytes: &[u8]) -> Result<Cow<'_, [u8]>, FormatError> {
    if !bytes.starts_with(MAGIC) {
        return Ok(Cow::Borrowed(bytes));
    }
    let mut content = Vec::new();
    flate2::read::MultiGzDecoder::new(bytes)
        .take(MOST_INFLATED + 1)
        .read_to_end(&mut content)
        .map_err(FormatError::Gzip)?;
    if content.len() as u64 > MOST_INFLATED {
        return Err(FormatError::Inflated { limit: MOST_INFLATED });
    }
    Ok(Cow::Owned(content))
}

/// The name of a file without the end that says it is compressed.
pub(super) fn plain_name(name: &str) -> &str {
    name.strip_suffix(".gz").unwrap_or(name)
}
