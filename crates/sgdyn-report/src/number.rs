//! Numbers as text: significant digits, powers of ten, and estimates with the error of their last digits.

/// What stands for a value that is not a number.
pub(crate) const MISSING: &str = "–";

/// `number` with the typographic minus sign.
pub(crate) fn minus(number: &str) -> String {
    number.replace('-', "−")
}

/// An integer in superscript digits.
pub(crate) fn superscript(exponent: i32) -> String {
    let raised = |c| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        digit => char::from_u32(0x2070 + digit as u32 - '0' as u32).unwrap_or(digit),
    };
    exponent.to_string().chars().map(raised).collect()
}

/// The decimal exponent of a finite non-zero value: the power of ten of its first digit.
pub(crate) fn decimal_exponent(value: f64) -> i32 {
    split(value, 17).1
}

/// Mantissa and exponent of `value` rounded to `digits` significant digits.
fn split(value: f64, digits: usize) -> (f64, i32) {
    let text = format!("{value:.*e}", digits.saturating_sub(1));
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    (mantissa.parse().unwrap_or(0.0), exponent.parse().unwrap_or(0))
}

fn trimmed(fixed: &str) -> &str {
    if fixed.contains('.') { fixed.trim_end_matches('0').trim_end_matches('.') } else { fixed }
}

fn not_finite(value: f64) -> &'static str {
    match value {
        v if v.is_nan() => MISSING,
        v if v > 0.0 => "∞",
        _ => "−∞",
    }
}

/// `value` with at most `digits` significant digits, trailing zeros dropped; "–" for NaN.
///
/// ```
/// use sgdyn_report::significant;
/// assert_eq!(significant(-0.05, 6), "−0.05");
/// assert_eq!(significant(1.25e-9, 6), "1.25×10⁻⁹");
/// ```
pub fn significant(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        return not_finite(value).to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let digits = digits.clamp(1, 17);
    let (mantissa, exponent) = split(value, digits);
    if (-5..digits.max(6) as i32).contains(&exponent) {
        let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
        minus(trimmed(&format!("{value:.decimals$}")))
    } else {
        let mantissa = format!("{mantissa:.*}", digits - 1);
        minus(&format!("{}×10{}", trimmed(&mantissa), superscript(exponent)))
    }
}

/// `value` with its standard error in units of the last digit shown: 1.2345(6) is 1.2345 ± 0.0006.
///
/// The error keeps one digit, two where they are at most 19, so that rounding changes it by less than a third. An error of
/// zero means an exact value; one that is negative or not a number is shown as unknown.
///
/// ```
/// use sgdyn_report::estimate;
/// assert_eq!(estimate(1.234_52, 0.000_61), "1.2345(6)");
/// assert_eq!(estimate(1.5e-7, 1.2e-9), "1.500(12)×10⁻⁷");
/// ```
pub fn estimate(value: f64, stderr: f64) -> String {
    if !value.is_finite() {
        return not_finite(value).to_owned();
    }
    if stderr == 0.0 {
        return significant(value, 6);
    }
    if !stderr.is_finite() || stderr < 0.0 {
        let error = if stderr < 0.0 { MISSING } else { not_finite(stderr) };
        return format!("{} ± {error}", significant(value, 6));
    }
    let (lead, error_exponent) = split(stderr, 2);
    let place = if lead <= 1.9 { error_exponent - 1 } else { error_exponent };
    let top = if value == 0.0 { error_exponent } else { decimal_exponent(value).max(error_exponent) };
    // Powers beyond these are not representable, and a double has no more than fifteen digits for sure.
    if top - place > 14 || top.abs().max(place.abs()) > 290 {
        return format!("{} ± {}", significant(value, 12), significant(stderr, 2));
    }
    let count = (stderr / 10f64.powi(place)).round();
    let scientific = !(-4..6).contains(&top) || place > 0;
    let shift = if scientific { top } else { 0 };
    let decimals = (shift - place).max(0) as usize;
    let error = count * 10f64.powi(place - shift);
    let error =
        if error >= 1.0 && decimals > 0 { format!("{error:.decimals$}") } else { format!("{count:.0}") };
    let mut text = format!("{:.decimals$}", value / 10f64.powi(shift));
    // A value that rounds to zero has no sign.
    if text.starts_with('-') && !text.contains(|c: char| c.is_ascii_digit() && c != '0') {
        text.remove(0);
    }
    let power = if shift == 0 { String::new() } else { format!("×10{}", superscript(shift)) };
    minus(&format!("{text}({error}){power}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn significant_digits() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (0.0526316, "0.0526316"),
            (123456.0, "123456"),
            (1234567.0, "1.23457×10⁶"),
            (-2.5e-12, "−2.5×10⁻¹²"),
            (999999.9, "1×10⁶"),
            (f64::NAN, "–"),
            (f64::NEG_INFINITY, "−∞"),
            (f64::MAX, "1.79769×10³⁰⁸"),
            (5e-324, "4.94066×10⁻³²⁴"),
        ] {
            assert_eq!(significant(value, 6), text);
        }
    }

    #[test]
    fn estimates() {
        for (value, stderr, text) in [
            (1.23452, 0.00061, "1.2345(6)"),
            (0.0526316, 0.000012, "0.052632(12)"),
            (90.475940, 0.9, "90.5(9)"),
            (90.475940, 1.3, "90.5(1.3)"),
            (90.475940, 2.3, "90(2)"),
            (12347.0, 67.0, "1.235(7)×10⁴"),
            (12345.0, 5.2, "12345(5)"),
            (-1.5e-7, 1.2e-9, "−1.500(12)×10⁻⁷"),
            (-0.02, 0.3, "0.0(3)"),
            (0.0, 0.04, "0.00(4)"),
            (1.0, 0.00096, "1.0000(10)"),
            (1.5, 0.0, "1.5"),
            (1.5, f64::NAN, "1.5 ± –"),
            (1.5, f64::INFINITY, "1.5 ± ∞"),
            (1.5, -1.0, "1.5 ± –"),
            (f64::NAN, 1.0, "–"),
            (-676_997_957.625_897, 2.268_218e-7, "−676997957.626 ± 2.3×10⁻⁷"),
            (2.0, 1e-20, "2 ± 1×10⁻²⁰"),
        ] {
            assert_eq!(estimate(value, stderr), text);
        }
    }

    /// What is read back from the text must lie within half a unit of the last digit of both numbers.
    #[test]
    fn estimates_read_back() {
        proptest!(|(value in -1e9..1e9f64, exponent in -12.0..8.0f64)| {
            let stderr = 10f64.powf(exponent);
            let text = estimate(value, stderr);
            if text.contains('±') { return Ok(()); }
            let (body, power) = text.split_once("×10").unwrap_or((&text, ""));
            let power: String = power.chars().filter_map(|c| "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().position(|d| d == c)).map(|d| d.to_string()).collect();
            let factor = 10f64.powi(power.parse().unwrap_or(0)) * if text.contains('⁻') { f64::NAN } else { 1.0 };
            let (number, error) = body.trim_end_matches(')').split_once('(').unwrap();
            let number: f64 = number.replace('−', "-").parse().unwrap();
            if factor.is_finite() {
                let unit = if error.contains('.') { 1.0 } else { 10f64.powi(-(body.split('(').next().unwrap().split('.').nth(1).map_or(0, str::len) as i32)) };
                let error: f64 = error.parse::<f64>().unwrap() * unit * factor;
                prop_assert!((error / stderr - 1.0).abs() < 0.34, "{text} for {value} ± {stderr}");
                prop_assert!((number * factor - value).abs() <= 0.51 * error, "{text} for {value} ± {stderr}");
            }
        });
    }
}
