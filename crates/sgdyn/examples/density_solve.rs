//! How long stationary laws and mean first-passage times take on square grids.
//!
//! `cargo run --release -p sgdyn --example density_solve [cells per side, 200] [threads, 1]`

use std::sync::Arc;
use std::time::Instant;

use sgdyn::density::{DensityError, Dissection, Elimination, Rates, RatesBuilder, Resolvent, stationary};

/// The double well x⁴/4 − x²/2 times the quadratic well y²/2 at a temperature, by Scharfetter–Gummel rates.
fn wells(side: usize, temperature: f64) -> Result<Rates, Box<dyn std::error::Error>> {
    let width = 4.0 / side as f64;
    let place = |index: usize| -2.0 + width * (index as f64 + 0.5);
    let potential = |x: f64, y: f64| (x.powi(4) / 4.0 - x * x / 2.0 + y * y / 2.0) / temperature;
    let bernoulli = |rise: f64| if rise == 0.0 { 1.0 } else { rise / rise.exp_m1() };
    let mut builder = RatesBuilder::new();
    for i in 0..side {
        for j in 0..side {
            let here = potential(place(i), place(j));
            let mut step = |to_i: usize, to_j: usize| {
                let rise = potential(place(to_i), place(to_j)) - here;
                builder.rate(to_i * side + to_j, temperature / (width * width) * bernoulli(rise));
            };
            if i > 0 {
                step(i - 1, j);
            }
            if i + 1 < side {
                step(i + 1, j);
            }
            if j > 0 {
                step(i, j - 1);
            }
            if j + 1 < side {
                step(i, j + 1);
            }
            builder.finish_state([i as u32, j as u32, 0]);
        }
    }
    Ok(builder.finish()?)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let side: usize = arguments.next().map_or(Ok(200), |text| text.parse())?;
    let threads: usize = arguments.next().map_or(Ok(1), |text| text.parse())?;
    let chain = wells(side, 0.02)?;
    rayon::ThreadPoolBuilder::new().num_threads(threads).build()?.install(|| measure(&chain, side))?;
    Ok(())
}

fn measure(chain: &Rates, side: usize) -> Result<(), DensityError> {
    println!("{side} × {side} cells, {} threads", rayon::current_num_threads());
    let begin = Instant::now();
    let law = stationary(chain)?;
    println!(
        "stationary law            {:9.4} s, least mass {:e}",
        begin.elapsed().as_secs_f64(),
        law.iter().copied().fold(1.0, f64::min)
    );

    let begin = Instant::now();
    let (open, kept) = chain.restricted(|state| state / side > side / 4);
    println!("target taken out          {:9.4} s, {} states left", begin.elapsed().as_secs_f64(), kept.len());
    let begin = Instant::now();
    let dissection = Arc::new(Dissection::new(&open)?);
    println!(
        "dissection                {:9.4} s, {:.1} M values, {:.0} MiB",
        begin.elapsed().as_secs_f64(),
        dissection.factor_values() as f64 * 1e-6,
        dissection.bytes_needed() as f64 / 1048576.0
    );
    let begin = Instant::now();
    let solver = Elimination::ordered(dissection, &open)?;
    println!("elimination               {:9.4} s", begin.elapsed().as_secs_f64());
    let begin = Instant::now();
    let mut times = vec![0.0; open.states()];
    solver.backward(&vec![1.0; open.states()], &mut times)?;
    println!("backward solve            {:9.4} s", begin.elapsed().as_secs_f64());
    let begin = Instant::now();
    let mut occupation = vec![0.0; open.states()];
    solver.forward(&vec![1.0; open.states()], &mut occupation)?;
    println!("forward solve             {:9.4} s", begin.elapsed().as_secs_f64());
    let (sum, dual): (f64, f64) = (times.iter().sum(), occupation.iter().sum());
    println!(
        "longest passage {:e}; Σ G 1 = {sum:e} backward, relatively {:e} off forward",
        times.iter().copied().fold(0.0, f64::max),
        (sum - dual) / sum
    );
    Ok(())
}
