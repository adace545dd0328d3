//! Runs a tape over chunks of lanes: one dispatch to the SIMD level for the whole evaluation.

use super::elementary;
use super::function::{Extreme, Function};
use super::instruction::{Combination, Destination, HORNER_DEGREE, Instruction, Shifted, Source, Step};
use crate::lanes::{Real, lane_kernel};

/// Lanes that go through the whole tape together: a handful of registers of this length stay in the L1 cache.
pub(super) const CHUNK: usize = 256;

lane_kernel! {
    /// Runs all `steps` on `variables` (coordinate-major, `[dimension × lanes]`) and writes `outputs`
    /// (`[formulas × lanes]`). Every register holds [`CHUNK`] lanes.
    pub(super) fn run<R: Real>(
        steps: &[Step<R>],
        variables: &[R],
        lanes: usize,
        registers: &mut [Vec<R>],
        outputs: &mut [R],
    ) {
        let mut start = 0;
        while start < lanes {
            let count = CHUNK.min(lanes - start);
            for step in steps {
                // The register that is written leaves the file meanwhile, so that the others can be read.
                let mut taken = Vec::new();
                let out = match step.destination {
                    Destination::Register(register) => {
                        taken = std::mem::take(&mut registers[register as usize]);
                        &mut taken[..count]
                    }
                    Destination::Output(output) => &mut outputs[output as usize * lanes + start..][..count],
                };
                execute(&step.instruction, Reader { variables, lanes, start, registers }, out);
                if let Destination::Register(register) = step.destination {
                    registers[register as usize] = taken;
                }
            }
            start += count;
        }
    }
}

/// Finds the lanes of sources.
#[derive(Clone, Copy)]
struct Reader<'a, R> {
    variables: &'a [R],
    lanes: usize,
    start: usize,
    registers: &'a [Vec<R>],
}

impl<'a, R: Real> Reader<'a, R> {
    #[inline(always)]
    fn lanes(self, source: Source, count: usize) -> &'a [R] {
        match source {
            Source::Variable(variable) => {
                &self.variables[variable as usize * self.lanes + self.start..][..count]
            }
            Source::Register(register) => &self.registers[register as usize][..count],
        }
    }
}

#[inline(always)]
fn execute<R: Real>(instruction: &Instruction<R>, reader: Reader<'_, R>, out: &mut [R]) {
    let count = out.len();
    let read = |source: Source| reader.lanes(source, count);
    match *instruction {
        Instruction::Fill(value) => out.fill(value),
        Instruction::Copy(a) => out.copy_from_slice(read(a)),
        Instruction::Horner { x, coefficients, degree, square, combination } => {
            let horner = Horner { x: read(x.source), shift: x.shift, coefficients, combination, reader };
            match (degree, square) {
                (1, false) => horner.run::<1, false>(out),
                (2, false) => horner.run::<2, false>(out),
                (3, false) => horner.run::<3, false>(out),
                (4, false) => horner.run::<4, false>(out),
                (5, false) => horner.run::<5, false>(out),
                (1, true) => horner.run::<1, true>(out),
                (2, true) => horner.run::<2, true>(out),
                (3, true) => horner.run::<3, true>(out),
                (4, true) => horner.run::<4, true>(out),
                (5, true) => horner.run::<5, true>(out),
                _ => unreachable!("polynomials are compiled in pieces of degree 1 to {HORNER_DEGREE}"),
            }
        }
        Instruction::Linear { x, y, a, b, constant, sum } => {
            let value = |x: R, y: R, sum: R| b.mul_add(y, a.mul_add(x, sum));
            shifted_pair(out, (read(x.source), x), (read(y.source), y), constant, sum.map(read), value);
        }
        Instruction::Quadratic { x, y, coefficients, sum } => {
            let [constant, c1, c2, c3, c4, c5] = coefficients;
            let value = |x: R, y: R, sum: R| {
                let slope_x = c3.mul_add(y, c2.mul_add(x, c1));
                let slope_y = c5.mul_add(y, c4);
                slope_x.mul_add(x, slope_y.mul_add(y, sum))
            };
            shifted_pair(out, (read(x.source), x), (read(y.source), y), constant, sum.map(read), value);
        }
        Instruction::Multiply { a, b, scale, sum: None } => {
            binary(out, read(a), read(b), |a, b| scale * a * b);
        }
        Instruction::Multiply { a, b, scale, sum: Some(sum) } => {
            ternary(out, read(a), read(b), read(sum), |a, b, sum| (scale * a).mul_add(b, sum));
        }
        Instruction::Divide { a, b, scale } => binary(out, read(a), read(b), |a, b| scale * a / b),
        Instruction::Reciprocal { b, scale } => unary(out, read(b), |b| scale / b),
        Instruction::Sqrt(a) => unary(out, read(a), R::sqrt),
        Instruction::PowerConstant(a, exponent) => unary(out, read(a), |a| elementary::powf(a, exponent)),
        Instruction::Power(a, b) => binary(out, read(a), read(b), elementary::powf),
        Instruction::Call(function, a) => call(function, read(a), out),
        Instruction::Extreme(Extreme::Min, a, b) => binary(out, read(a), read(b), elementary::min),
        Instruction::Extreme(Extreme::Max, a, b) => binary(out, read(a), read(b), elementary::max),
        Instruction::Where { strict, left, right, then, otherwise } => {
            let lanes = out
                .iter_mut()
                .zip(read(left).iter().zip(read(right)))
                .zip(read(then).iter().zip(read(otherwise)));
            if strict {
                for ((out, (left, right)), (&then, &otherwise)) in lanes {
                    *out = if left < right { then } else { otherwise };
                }
            } else {
                for ((out, (left, right)), (&then, &otherwise)) in lanes {
                    *out = if left <= right { then } else { otherwise };
                }
            }
        }
    }
}

#[inline(always)]
fn call<R: Real>(function: Function, a: &[R], out: &mut [R]) {
    match function {
        Function::Exp => unary(out, a, elementary::exp),
        Function::ExpM1 => unary(out, a, elementary::exp_m1),
        Function::Ln => unary(out, a, elementary::ln),
        Function::Ln1p => unary(out, a, elementary::ln_1p),
        Function::Abs => unary(out, a, R::abs),
        Function::Sign => unary(out, a, elementary::sign),
        Function::Sin => unary(out, a, elementary::sin),
        Function::Cos => unary(out, a, elementary::cos),
        Function::Tan => unary(out, a, elementary::tan),
        Function::Sinh => unary(out, a, elementary::sinh),
        Function::Cosh => unary(out, a, elementary::cosh),
        Function::Tanh => unary(out, a, elementary::tanh),
        Function::Erf => unary(out, a, elementary::erf),
    }
}

#[inline(always)]
fn unary<R: Real>(out: &mut [R], a: &[R], value: impl Fn(R) -> R) {
    for (out, &a) in out.iter_mut().zip(a) {
        *out = value(a);
    }
}

#[inline(always)]
fn binary<R: Real>(out: &mut [R], a: &[R], b: &[R], value: impl Fn(R, R) -> R) {
    for ((out, &a), &b) in out.iter_mut().zip(a).zip(b) {
        *out = value(a, b);
    }
}

#[inline(always)]
fn ternary<R: Real>(out: &mut [R], a: &[R], b: &[R], c: &[R], value: impl Fn(R, R, R) -> R) {
    for (((out, &a), &b), &c) in out.iter_mut().zip(a).zip(b).zip(c) {
        *out = value(a, b, c);
    }
}

/// `value(x + shift, y + shift, constant or sum)`; a sum has taken the constant in already.
#[inline(always)]
fn shifted_pair<R: Real>(
    out: &mut [R],
    (x, Shifted { shift: x_shift, .. }): (&[R], Shifted<R>),
    (y, Shifted { shift: y_shift, .. }): (&[R], Shifted<R>),
    constant: R,
    sum: Option<&[R]>,
    value: impl Fn(R, R, R) -> R,
) {
    match sum {
        None => binary(out, x, y, |x, y| value(x + x_shift, y + y_shift, constant)),
        Some(sum) => ternary(out, x, y, sum, |x, y, sum| value(x + x_shift, y + y_shift, sum)),
    }
}

struct Horner<'a, R> {
    x: &'a [R],
    shift: R,
    coefficients: [R; HORNER_DEGREE + 1],
    combination: Combination,
    reader: Reader<'a, R>,
}

impl<R: Real> Horner<'_, R> {
    #[inline(always)]
    fn run<const DEGREE: usize, const SQUARE: bool>(&self, out: &mut [R]) {
        let (coefficients, shift) = (self.coefficients, self.shift);
        let polynomial = |x: R, leading: R, last: R| {
            let x = x + shift;
            let t = if SQUARE { x * x } else { x };
            let mut value = leading;
            for power in (1..DEGREE).rev() {
                value = value.mul_add(t, coefficients[power]);
            }
            value.mul_add(t, last)
        };
        let (leading, last) = (coefficients[DEGREE], coefficients[0]);
        let count = out.len();
        match self.combination {
            Combination::Alone => unary(out, self.x, |x| polynomial(x, leading, last)),
            Combination::Add(a) => {
                binary(out, self.x, self.reader.lanes(a, count), |x, a| polynomial(x, leading, a));
            }
            Combination::Multiply(a) => {
                binary(out, self.x, self.reader.lanes(a, count), |x, a| polynomial(x, leading, last) * a);
            }
            Combination::Continue(a) => {
                binary(out, self.x, self.reader.lanes(a, count), |x, a| polynomial(x, a, last));
            }
        }
    }
}
