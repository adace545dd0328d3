//! The commands, their options and their help.

use clap::{Args, Parser, Subcommand};
use sgdyn::lanes::SimdLevel;
use std::num::NonZeroUsize;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  sgdyn list                                     what can be run as it is
  sgdyn run double-well-escape --quick           a first result within seconds
  sgdyn run double-well-escape --plan            what it will cost, without running it
  sgdyn run double-well-escape --set rule.beta='[1, 2, 4]' --seed 7 --out beta
  sgdyn show double-well-escape > mine.toml      a study of your own to start from
  sgdyn run mine.toml --json | jq .verdicts

Exit codes:
  0 done, 1 the run failed, 2 the command or the study is wrong, 130 interrupted";

const RUN_EXAMPLES: &str = "\
Examples:
  sgdyn run double-well-escape
  sgdyn run mine.toml --out runs/mine --force
  sgdyn run mine.toml --set rule.learning_rate='[0.1, 0.2]' --set ensemble.replicas=1000
  sgdyn run mine.toml --json > results.json

The run directory:
  study.toml      the study as it was run, every default written out
  manifest.json   version, seed, machine, times, status
  tables/         rows and details, as CSV and Parquet
  figures/        as SVG and PNG
  report.html     all of it on one page that needs no other file
  results.json    what `sgdyn report` reads
  checkpoints/    finished work, for `sgdyn resume`

The same study and seed give the same bits for any number of threads, any instruction set,
and after any interruption. Ctrl-C ends a run cleanly: what is finished is written, and
`sgdyn resume DIR` goes on from there.";

/// Measure, simulate and predict the stochastic dynamics of gradient descent
///
/// A study is one TOML file: a landscape or an empirical risk, its gradient noise, an
/// update rule, and a question (when does it escape, what law does it settle to, how does
/// it spread). A run answers it with estimates and their standard errors, beside what the
/// theories predict, and says which predictions hold.
#[derive(Debug, Parser)]
#[command(verbatim_doc_comment, name = "sgdyn", version, after_help = EXAMPLES, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// The instruction set of the kernels: portable, avx2 or avx512
    ///
    /// Without it the best one of this machine is used. Results do not change by a bit; only
    /// the speed does.
    #[arg(verbatim_doc_comment, long, global = true, value_name = "LEVEL")]
    pub(crate) simd: Option<SimdLevel>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the studies that come with sgdyn
    List,
    /// Print the TOML of a study
    ///
    /// The text is that of the file, with its comments. With --resolved it is what a run is
    /// made of: --quick and --set applied, and every default written out.
    #[command(verbatim_doc_comment)]
    Show(Show),
    /// Run a study and write its tables, figures and report
    ///
    /// Tables, figures and a self-contained report go into a run directory. A summary is printed:
    /// estimates such as 1.2345(6), which is 1.2345 with a standard error of 0.0006, beside
    /// their predictions, and verdicts. Progress is shown if the standard error is a terminal.
    #[command(verbatim_doc_comment, after_help = RUN_EXAMPLES)]
    Run(Run),
    /// Go on with a run that was interrupted
    ///
    /// The study is read from DIR/study.toml. Finished work is not done again, and the results are
    /// those of a run without the interruption, to the bit.
    #[command(verbatim_doc_comment)]
    Resume(Resume),
    /// Render the figures and the report of a run again
    ///
    /// Nothing is simulated: results.json of the run directory is read, figures/ and report.html
    /// are written. Use it after an update of sgdyn, or when figures were deleted.
    #[command(verbatim_doc_comment)]
    Report(Report),
}

/// The arguments of `show`.
#[derive(Debug, Args)]
pub(crate) struct Show {
    #[command(flatten)]
    pub(crate) study: StudyArguments,

    /// Apply --quick and --set, and write out every default
    #[arg(long)]
    pub(crate) resolved: bool,
}

/// The arguments of `run`.
#[derive(Debug, Args)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) study: StudyArguments,

    /// Where the run is kept [default: runs/STUDY-N, the first that is free]
    #[arg(long, short, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,

    /// Replace the run that DIR holds
    ///
    /// Only a run directory is replaced; a directory with anything else in it is refused.
    #[arg(long, requires = "out")]
    pub(crate) force: bool,

    /// Print what each cell of the sweep will take, and stop there
    ///
    /// Replicas, steps, expected time and memory. Nothing is run and nothing is written.
    #[arg(long, conflicts_with_all = ["json", "force", "out", "animate"])]
    pub(crate) plan: bool,

    #[command(flatten)]
    pub(crate) manner: Manner,
}

/// The arguments of `resume`.
#[derive(Debug, Args)]
pub(crate) struct Resume {
    /// The run directory
    #[arg(value_name = "DIR")]
    pub(crate) directory: PathBuf,

    #[command(flatten)]
    pub(crate) manner: Manner,
}

/// The arguments of `report`.
#[derive(Debug, Args)]
pub(crate) struct Report {
    /// The run directory
    #[arg(value_name = "DIR")]
    pub(crate) directory: PathBuf,

    #[command(flatten)]
    pub(crate) animate: Animate,
}

/// Whether an animation is drawn.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Animate {
    /// Draw an escape in one or two coordinates as it happens: figures/animation.png
    ///
    /// An animated PNG of the walkers on their landscape and of the survival curve beside theory.
    /// CELL is the cell of the sweep, numbered from 0 as in `--plan` and in the tables; without it
    /// the first one. The walkers are the first 200 replicas of the study, run once more.
    #[arg(
        verbatim_doc_comment,
        long = "animate",
        id = "animate",
        value_name = "CELL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "0"
    )]
    pub(crate) cell: Option<usize>,
}

/// Which study, and what is changed in it.
#[derive(Debug, Args)]
pub(crate) struct StudyArguments {
    /// A name that `sgdyn list` shows, or a TOML file
    #[arg(value_name = "NAME_OR_FILE")]
    pub(crate) study: PathBuf,

    /// Change a key, such as rule.learning_rate=0.1; repeatable
    ///
    /// The value is TOML, a list makes a sweep: --set rule.beta='[1, 3, 5]'. What is not TOML
    /// is a text: --set rule.name=sgd.
    #[arg(verbatim_doc_comment, long, value_name = "PATH=VALUE")]
    pub(crate) set: Vec<String>,

    /// The seed of all random numbers, short for --set seed=N
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,

    /// Apply the [quick] table of the study: fewer replicas and cells, for a first look
    #[arg(long)]
    pub(crate) quick: bool,
}

/// How a run is made and shown; nothing here changes a result.
#[derive(Debug, Args)]
pub(crate) struct Manner {
    /// The number of threads [default: the available cores]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,

    /// Print the results as one JSON document, and nothing else, on the standard output
    ///
    /// {"study", "seed", "rows": [{...}], "verdicts": [{"claim", "holds", "detail"}]}
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) animate: Animate,
}

impl Manner {
    /// The number of threads that was asked for, or as many as this process may use.
    pub(crate) fn threads(&self) -> usize {
        self.threads.or_else(|| std::thread::available_parallelism().ok()).map_or(1, usize::from)
    }
}
