//! Scratch.
use sgdyn::krylov::*;
use sgdyn::risk::network::*;
use sgdyn::risk::*;
use std::time::Instant;
fn main() {
    let digits = Dataset::ready("digits").unwrap().divided_by(16.0).unwrap();
    let layers = [
        Dense { inputs: 64, outputs: 128, activation: Activation::Tanh },
        Dense { inputs: 128, outputs: 10, activation: Activation::Identity },
    ];
    let network = Network::<f32>::new(&digits, &layers, Loss::SoftmaxCrossEntropy, 0.0).unwrap();
    let at = read_weights(&network, "/tmp/w/64-128-10.safetensors").unwrap();
    let n = network.samples();
    let ev = network.evaluate(&at).unwrap();
    let gram = ev.gram();
    for block in [1, 2, 4, 6, 8, 12] {
        for basis in [44, 64, 84, 104, 160] {
            let mut best = f64::INFINITY;
            let mut p = 0;
            for _ in 0..5 {
                let t = Instant::now();
                let m =
                    SymmetricMatrix::new(gram.values(), gram.stride(), n, 1.0 / n as f64).unwrap().centred();
                let Ok(r) =
                    (Lanczos { block, tolerance: 1e-3, largest_basis: basis, ..Lanczos::largest(20) }).run(m)
                else {
                    continue;
                };
                p = r.products;
                best = best.min(t.elapsed().as_secs_f64());
            }
            println!("gram block {block} basis {basis}: {p} products {:.2} ms", best * 1e3);
        }
    }
    let mut ws = Workspace::new();
    for basis in [44, 64, 84, 104, 124, 160] {
        let mut best = f64::INFINITY;
        let mut p = 0;
        for _ in 0..3 {
            let t = Instant::now();
            let prod = VectorProduct::new(at.len(), |v: &[f32], out: &mut [f32]| {
                ev.hessian_vector(v, &mut ws, out).unwrap();
            });
            let r =
                Lanczos { tolerance: 1e-3, largest_basis: basis, ..Lanczos::largest(20) }.run(prod).unwrap();
            p = r.products;
            best = best.min(t.elapsed().as_secs_f64());
        }
        println!("hessian basis {basis}: {p} products {:.2} ms", best * 1e3);
    }
}
