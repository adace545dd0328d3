//! An array of a file, its numbers as `f64`, and the elements that files store.

use super::format_error::FormatError;

/// The numbers of an array, the last index fastest.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::risk) struct Array {
    pub(in crate::risk) shape: Vec<usize>,
    /// `[product of the shape]`. Integers beyond ±2⁵³ are rounded.
    pub(in crate::risk) values: Vec<f64>,
}

/// The order of the bytes of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Endian {
    Little,
    Big,
}

/// The type of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    F16,
    Bf16,
    F32,
    F64,
}

impl Element {
    pub(super) fn bytes(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 | Self::F16 | Self::Bf16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
        }
    }

    /// The bytes of an array of this shape, if they can be counted.
    pub(super) fn size_of(self, shape: &[usize]) -> Result<u128, FormatError> {
        shape
            .iter()
            .try_fold(self.bytes() as u128, |size, &length| size.checked_mul(length as u128))
            .ok_or_else(|| FormatError::Overflow { shape: shape.to_vec() })
    }
}

impl Array {
    /// The array whose elements are all of `file` from `begin` on: the header is believed only if it is about exactly
    /// the bytes that there are, so that nothing is allocated for what is not there.
    pub(super) fn decode(
        element: Element,
        endian: Endian,
        shape: Vec<usize>,
        file: &[u8],
        begin: usize,
    ) -> Result<Self, FormatError> {
        let needed = begin as u128 + element.size_of(&shape)?;
        let held = file.len();
        if needed > held as u128 {
            return Err(FormatError::Truncated { needed, held });
        }
        if needed < held as u128 {
            return Err(FormatError::Surplus { end: needed as usize, held });
        }
        Ok(Self { shape, values: decoded(element, endian, &file[begin..]) })
    }

    /// The array with its last index fastest, where it was slowest (Fortran).
    pub(super) fn of_fortran_order(self) -> Self {
        // Of an array without elements, lengths may be anything: their products could overflow.
        if self.values.is_empty() {
            return self;
        }
        let mut strides = vec![1; self.shape.len()];
        for axis in 1..self.shape.len() {
            strides[axis] = strides[axis - 1] * self.shape[axis - 1];
        }
        let mut index = vec![0; self.shape.len()];
        let mut values = Vec::with_capacity(self.values.len());
        for _ in 0..self.values.len() {
            values.push(
                self.values[index.iter().zip(&strides).map(|(index, stride)| index * stride).sum::<usize>()],
            );
            for axis in (0..index.len()).rev() {
                index[axis] += 1;
                if index[axis] < self.shape[axis] {
                    break;
                }
                index[axis] = 0;
            }
        }
        Self { shape: self.shape, values }
    }
}

/// The numbers in `bytes`, whose length is a multiple of the element's.
fn decoded(element: Element, endian: Endian, bytes: &[u8]) -> Vec<f64> {
    macro_rules! numbers {
        ($number:ty, $convert:expr) => {{
            let convert = $convert;
            let (words, _) = bytes.as_chunks();
            match endian {
                Endian::Little => words.iter().map(|&word| convert(<$number>::from_le_bytes(word))).collect(),
                Endian::Big => words.iter().map(|&word| convert(<$number>::from_be_bytes(word))).collect(),
            }
        }};
    }
    match element {
        Element::U8 => bytes.iter().map(|&byte| f64::from(byte)).collect(),
        Element::I8 => bytes.iter().map(|&byte| f64::from(byte as i8)).collect(),
        Element::U16 => numbers!(u16, f64::from),
        Element::I16 => numbers!(i16, f64::from),
        Element::U32 => numbers!(u32, f64::from),
        Element::I32 => numbers!(i32, f64::from),
        Element::U64 => numbers!(u64, |value| value as f64),
        Element::I64 => numbers!(i64, |value| value as f64),
        Element::F16 => numbers!(u16, half),
        Element::Bf16 => numbers!(u16, |bits: u16| f64::from(f32::from_bits(u32::from(bits) << 16))),
        Element::F32 => numbers!(f32, f64::from),
        Element::F64 => numbers!(f64, |value| value),
    }
}

/// IEEE 754 binary16: sign, 5 bits of exponent with bias 15, 10 bits of fraction.
fn half(bits: u16) -> f64 {
    let exponent = i32::from(bits >> 10 & 0x1f);
    let fraction = f64::from(bits & 0x3ff);
    let magnitude = match exponent {
        0 => fraction * 2.0_f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + fraction) * 2.0_f64.powi(exponent - 25),
    };
    if bits >> 15 == 1 { -magnitude } else { magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_what_their_bits_mean() {
        let decode = |element, endian, bytes: &[u8]| decoded(element, endian, bytes);
        assert_eq!(decode(Element::I8, Endian::Big, &[0xff, 0x7f]), [-1.0, 127.0]);
        assert_eq!(decode(Element::I16, Endian::Big, &[0xff, 0xfe]), [-2.0]);
        assert_eq!(decode(Element::I16, Endian::Little, &[0xfe, 0xff]), [-2.0]);
        assert_eq!(decode(Element::U64, Endian::Big, &[0, 0, 0, 0, 0, 0, 1, 2]), [258.0]);
        assert_eq!(decode(Element::F32, Endian::Big, &(-2.5_f32).to_be_bytes()), [-2.5]);
        assert_eq!(decode(Element::Bf16, Endian::Little, &[0xc0, 0x3f]), [1.5]);
        // IEEE 754-2008: 1, −2, the largest, the least normal and the least number of binary16.
        let halves = [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x0400, 6.103515625e-5),
            (1, 5.960464477539063e-8),
        ];
        for (bits, value) in halves {
            assert_eq!(half(bits), value);
        }
        assert!(half(0x7c01).is_nan() && half(0xfc00) == f64::NEG_INFINITY);
    }

    #[test]
    fn a_header_is_about_exactly_the_bytes_that_there_are() {
        let decode = |shape: &[usize], bytes: &[u8]| {
            Array::decode(Element::U16, Endian::Big, shape.to_vec(), bytes, 1)
        };
        assert_eq!(decode(&[2], &[9, 0, 1, 0, 2]).unwrap().values, [1.0, 2.0]);
        assert!(matches!(decode(&[2, 2], &[0; 8]), Err(FormatError::Truncated { needed: 9, held: 8 })));
        assert!(matches!(decode(&[2], &[0; 7]), Err(FormatError::Surplus { end: 5, held: 7 })));
        assert!(matches!(decode(&[usize::MAX; 3], &[0; 7]), Err(FormatError::Overflow { .. })));
        assert!(matches!(decode(&[usize::MAX, 2], &[0; 7]), Err(FormatError::Truncated { .. })));
    }

    #[test]
    fn fortran_order_is_transposed() {
        // numpy.arange(6.).reshape(2, 3), then of shape (2, 2, 2), in the order 'F' of memory.
        let array =
            |shape: &[usize], values: &[f64]| Array { shape: shape.to_vec(), values: values.to_vec() };
        let turned = array(&[2, 3], &[0., 3., 1., 4., 2., 5.]).of_fortran_order();
        assert_eq!(turned.values, [0., 1., 2., 3., 4., 5.]);
        let turned = array(&[2, 2, 2], &[0., 4., 2., 6., 1., 5., 3., 7.]).of_fortran_order();
        assert_eq!(turned.values, [0., 1., 2., 3., 4., 5., 6., 7.]);
        let nothing = array(&[usize::MAX, usize::MAX, 0], &[]);
        assert_eq!(nothing.clone().of_fortran_order(), nothing);
    }
}
