//! Speed of normal variates at each SIMD level.
use sgdyn::lanes::*;
use sgdyn::random::*;
fn go<R: Variate>() {
    for level in [SimdLevel::Portable, SimdLevel::Avx2, SimdLevel::Avx512] {
        if force_simd_level(level).is_err() {
            continue;
        }
        for law in [Law::Normal, Law::Stable { alpha: 1.5 }] {
            let lanes = 128;
            let mut s = LaneStream::<R>::new(Demand::new(Purpose::GradientNoise, law, 1), lanes, 16);
            let seed = Seed::new(1, 0);
            let rep: Vec<u64> = (0..lanes as u64).collect();
            let mut best = f64::MAX;
            let mut sum = 0.0;
            for _ in 0..5 {
                let t = std::time::Instant::now();
                let n = 20000u64;
                for k in 0..n {
                    s.fill(seed, &rep, &vec![k * 16; lanes]);
                    sum += s.step(3)[5].to_f64();
                }
                best = best.min(t.elapsed().as_secs_f64() / (n * 16 * lanes as u64) as f64);
            }
            println!("{} {} {law:?} {:.3} ns {sum}", R::NAME, level.name(), best * 1e9);
        }
    }
}
fn main() {
    go::<f64>();
    go::<f32>();
}
