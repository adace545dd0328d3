//! Runs a ready study and prints its rows and verdicts.
use sgdyn::study::*;
use std::sync::atomic::AtomicBool;
fn main() {
    let mut args = std::env::args().skip(1);
    let name = args.next().unwrap();
    let mut o = Overrides::default();
    for a in args {
        if a == "--quick" { o.quick = true } else { o.set.push(a) }
    }
    let ready = ready::find(&name).unwrap();
    let study = Study::parse(ready.name, ready.text, &o).unwrap_or_else(|e| panic!("{e}"));
    let stop = AtomicBool::new(false);
    let t = std::time::Instant::now();
    let c = Conditions { threads: 2, stop: &stop, directory: None, progress: &|_| {} };
    match run(&study, &c) {
        Ok(r) => {
            let csv = r.rows.to_csv();
            for l in csv.lines().take(60) {
                println!("{l}");
            }
            for v in &r.verdicts {
                println!("[{}] {} -- {}", v.holds, v.claim, v.detail);
            }
        }
        Err(e) => println!("error: {e}"),
    }
    println!("{:.2} s", t.elapsed().as_secs_f64());
}
