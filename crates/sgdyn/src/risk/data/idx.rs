//! IDX, the format of MNIST (LeCun, Cortes and Burges): four bytes of magic, big-endian lengths, elements.

use super::array::{Array, Element, Endian};
use super::format_error::FormatError;

/// Whether these are the first bytes of an IDX file: two zeros, a known element, and at least one dimension.
pub(super) fn recognised(bytes: &[u8]) -> bool {
    matches!(bytes, [0, 0, code, dimensions, ..] if element(*code).is_some() && *dimensions > 0)
}

fn element(code: u8) -> Option<Element> {
    Some(match code {
        0x08 => Element::U8,
        0x09 => Element::I8,
        0x0b => Element::I16,
        0x0c => Element::I32,
        0x0d => Element::F32,
        0x0e => Element::F64,
        _ => return None,
    })
}

/// The one array of an IDX file.
pub(super) fn array(bytes: &[u8]) -> Result<Array, FormatError> {
    let &[0, 0, code, dimensions, ref rest @ ..] = bytes else {
        let found = bytes[..bytes.len().min(8)].to_vec();
        return Err(FormatError::Magic { format: "an IDX file, which begins with two zeros", found });
    };
    let element = element(code).ok_or(FormatError::IdxElement { code })?;
    let dimensions = usize::from(dimensions);
    let begin = 4 + 4 * dimensions;
    let (lengths, _) = rest.as_chunks();
    let Some(lengths) = lengths.get(..dimensions) else {
        return Err(FormatError::Truncated { needed: begin as u128, held: bytes.len() });
    };
    let shape = lengths.iter().map(|&length| u32::from_be_bytes(length) as usize).collect();
    Array::decode(element, Endian::Big, shape, bytes, begin)
}

#[cfg(test)]
mod tests {

    #[test]
    fn images_and_numbers_are_read() {
        let images = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 255];
        let array = super::array(&images).unwrap();
        assert_eq!((array.shape, array.values), (vec![2, 1, 2], vec![1.0, 2.0, 3.0, 255.0]));
        let mut numbers = vec![0, 0, 0x0e, 1, 0, 0, 0, 1];
        numbers.extend((-0.5_f64).to_be_bytes());
        assert_eq!(super::array(&numbers).unwrap().values, [-0.5]);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let error = |bytes: &[u8]| super::array(bytes).unwrap_err().to_string();
        assert_eq!(
            error(&[1, 0, 8, 1]),
            "not an IDX file, which begins with two zeros: the file begins with [01, 00, 08, 01]; rename it to what it is, or save it again"
        );
        assert!(error(&[]).starts_with("not an IDX file"), "{}", error(&[]));
        assert!(error(&[0, 0, 7, 1, 0, 0, 0, 0]).starts_with("element type 0x07 at offset 2"));
        assert_eq!(
            error(&[0, 0, 8, 3, 0, 0, 0, 2]),
            "truncated: its header promises 16 bytes, and there are 8"
        );
        // 2³² − 1 images of 2³² − 1 by 2³² − 1 pixels are refused before anything is allocated.
        let mut promise = vec![0, 0, 8, 3];
        promise.extend([255; 12]);
        assert!(
            error(&promise).starts_with("truncated: its header promises 79228162458924105385300197391 bytes")
        );
        assert_eq!(
            error(&[0, 0, 8, 1, 0, 0, 0, 1, 5, 6]),
            "ends 1 bytes after its last element, at offset 9; header and content disagree"
        );
    }
}
