//! The keys of `[train]`.

use crate::study::description::schema::{Key, POSITIVE, Shape, When};

const STUDY: When = When::Is("study", &["train"]);
const ASKED: &[When] = &[STUDY];

pub(super) const KEYS: &[Key] = &[
    Key::new("train.steps", Shape::Count(1, 1 << 40), "The length of the training. Or `train.epochs`.")
        .unit("steps")
        .when(ASKED),
    Key::new(
        "train.epochs",
        Shape::Number(POSITIVE),
        "The length of the training in passes over the data, N/B steps each, rounded up. Or `train.steps`.",
    )
        .unit("epochs")
        .required()
        .when(&[STUDY, When::Without("train.steps")])
        .instead(&[("train.steps", "the length of the training is given once")]),
    Key::new("train.every", Shape::Count(1, 1 << 40), "Steps between observations. Without it: a fiftieth of the training.")
        .unit("steps")
        .when(ASKED),
    Key::new(
        "train.observe",
        Shape::Choices(&["accuracy", "gradient-norm", "sharpness", "noise"]),
        "What is observed besides the loss, of the test samples too if `landscape.split` sets some apart: the part of the samples \
         that are classified rightly, the norm of the full \
         gradient, the largest eigenvalue of the Hessian (sharpness), and the trace of the covariance of the per-sample \
         gradients, also over the squared norm of the gradient (noise).",
    )
    .default("[\"accuracy\", \"gradient-norm\", \"sharpness\"]")
    .when(ASKED),
    Key::new(
        "train.save_weights",
        Shape::Truth,
        "Whether the parameters that each replica ends with are saved, as `weights/cell-C-replica-R.safetensors` under PyTorch's \
         names: what `landscape.weights` begins with.",
    )
    .default("false")
    .when(ASKED),
    Key::new("train.tolerance", Shape::Number(POSITIVE), "The largest |Hv − λv|/|λ| at which a sharpness counts as converged.")
        .default("1e-3")
        .when(ASKED),
    Key::new("train.products", Shape::Count(1, 1 << 40), "Products with the Hessian after which a sharpness is given up.")
        .default("2000")
        .when(ASKED),
];
