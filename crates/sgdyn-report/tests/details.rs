//! Figures of detail tables: what they show of tables as studies write them, and that no table makes them panic.

use proptest::prelude::*;
use sgdyn_report::{DetailFigure, Table, Values, Wording, detail_figures};

const WORDING: Wording<'static> = Wording {
    subtitle: "A study",
    symbols: &[("beta", "β"), ("learning_rate", "η"), ("omega", "ω"), ("theta_1", "θ₁"), ("theta_2", "θ₂")],
};

/// Rows of numbers under their names.
fn table(name: &str, names: &[&str], rows: &[Vec<f64>]) -> Table {
    names.iter().enumerate().fold(Table::new(name, ""), |table, (index, column)| {
        table.column(*column, Values::Number(rows.iter().map(|row| row[index]).collect()))
    })
}

fn middles(count: usize, low: f64, high: f64) -> Vec<f64> {
    (0..count).map(|cell| low + (high - low) * (cell as f64 + 0.5) / count as f64).collect()
}

/// Numbers without order in [0, 1), by the golden ratio's multiples of a square.
fn scatter(index: usize) -> f64 {
    ((index * index) as f64 * 0.618_033_988_75 + index as f64 * 0.324_717_957_2).fract()
}

/// A double well from the left well's side: a mixture that widens and crosses, with an ensemble at the same cells.
fn double_well(betas: &[f64]) -> Table {
    let names = ["beta", "time", "x", "density", "density_ensemble", "density_ensemble_stderr"];
    let mut rows = Vec::new();
    for &beta in betas {
        for time in [0.05, 0.2, 1.0, 5.0, 25.0, 125.0, f64::NAN] {
            let crossed = if time.is_nan() { 0.5 } else { 0.5 * (1.0 - f64::exp(-time / 40.0)) };
            let width =
                if time.is_nan() { 1.0 } else { 1.0 - 0.9 * f64::exp(-2.0 * time) } / (2.0 * beta).sqrt();
            for (index, x) in middles(110, -2.2, 2.2).into_iter().enumerate() {
                let bump = |middle: f64| (-0.5 * ((x - middle) / width).powi(2)).exp() / (width * 2.506_628);
                let density = (1.0 - crossed) * bump(-1.0) + crossed * bump(1.0);
                let stderr = (density / 2000.0).sqrt();
                let observed = density + 2.5 * stderr * (scatter(index) - 0.5);
                rows.push(vec![beta, time, x, density, observed, stderr]);
            }
        }
    }
    // Rows may come in any order.
    rows.reverse();
    table("density", &names, &rows)
}

fn rotating(omegas: &[f64], times: &[f64], count: usize) -> Table {
    let mut rows = Vec::new();
    for &omega in omegas {
        for &time in times {
            let shift = if time.is_nan() { 0.0 } else { 2.0 * f64::exp(-time) };
            for x in middles(count, -4.0, 4.0) {
                for y in middles(count, -4.0, 4.0) {
                    let density = (-0.5 * ((x - shift).powi(2) + y * y)).exp() / std::f64::consts::TAU;
                    rows.push(vec![omega, time, x, y, density, -omega * y * density, omega * x * density]);
                }
            }
        }
    }
    table("density", &["omega", "time", "x", "y", "density", "current_x", "current_y"], &rows)
}

/// Coordinates of unlike extent, correlated, over steps, with an ensemble.
fn anisotropic() -> Table {
    let mut rows = Vec::new();
    for steps in [10.0, 1000.0] {
        for (i, x) in middles(90, -5.0, 5.0).into_iter().enumerate() {
            for (j, y) in middles(60, -0.02, 0.02).into_iter().enumerate() {
                let (a, b) = (x / 1.2, y / 0.005);
                let density = (-(a * a + b * b - 1.6 * a * b) / 0.72).exp() / 0.0226;
                let stderr = (density / 300.0).sqrt();
                let observed = density + 3.4 * stderr * (scatter(97 * i + j) - 0.5);
                let flux = 1e-9 * (scatter(31 * i + j) - 0.5);
                let row = [steps, x, y, density, density * b, -density * a * 1e-3 + flux, observed, stderr];
                rows.push(row.to_vec());
            }
        }
    }
    let names = [
        "steps",
        "theta_1",
        "theta_2",
        "density",
        "current_theta_1",
        "current_theta_2",
        "density_ensemble",
        "density_ensemble_stderr",
    ];
    table("density", &names, &rows)
}

/// The law of two-sample SGD whose maps contract by a third: no density at all, seen on a grid.
fn cantor(count: usize) -> Vec<f64> {
    let digit = |cell: usize, place: u32| (cell * 3usize.pow(place) / count) % 3;
    (0..count)
        .map(|cell| if (1..=4).all(|place| digit(cell, place) != 1) { (1.5f64).powi(4) } else { 0.0 })
        .collect()
}

fn fractal() -> Table {
    let rows: Vec<_> = middles(243, 0.0, 1.0).into_iter().zip(cantor(243)).map(|(x, p)| vec![x, p]).collect();
    table("density", &["theta", "density"], &rows)
}

fn fractal_plane() -> Table {
    let (axis, law) = (middles(81, 0.0, 1.0), cantor(81));
    let mut rows = Vec::new();
    for (x, p) in axis.iter().zip(&law) {
        for (y, q) in axis.iter().zip(&law) {
            rows.push(vec![f64::NAN, *x, *y, p * q]);
        }
    }
    table("density", &["time", "theta_1", "theta_2", "density"], &rows)
}

fn constant(dimension: usize) -> Table {
    let axis = middles(20, 0.0, 2.0);
    if dimension == 1 {
        let rows: Vec<_> = axis.iter().map(|x| vec![*x, 0.5]).collect();
        return table("density", &["x", "density"], &rows);
    }
    let rows: Vec<_> =
        axis.iter().flat_map(|x| axis.iter().map(move |y| vec![1.0, *x, *y, 0.25, 0.0, 0.0])).collect();
    table("density", &["time", "x", "y", "density", "current_x", "current_y"], &rows)
}

/// A target that was cut out, a row without a place, densities that are not known.
fn gaps(dimension: usize) -> Table {
    let axis = middles(40, -2.0, 2.0);
    let known = |x: f64, y: f64| if x > 1.0 && y.abs() < 1.0 { f64::NAN } else { (-x * x - y * y).exp() };
    let mut rows = vec![vec![0.5, f64::NAN, 0.0, 1.0], vec![0.5, 0.0, f64::INFINITY, f64::INFINITY]];
    for x in &axis {
        for y in if dimension == 1 { &axis[..1] } else { &axis[..] } {
            rows.push(vec![0.5, *x, *y, known(*x, *y)]);
        }
    }
    if dimension == 1 {
        let rows: Vec<_> = rows.iter().map(|row| vec![row[0], row[1], row[3]]).collect();
        return table("density", &["time", "x", "density"], &rows);
    }
    table("density", &["time", "x", "y", "density"], &rows)
}

/// What defeats every saving: no two cells alike.
fn noise(panels: usize) -> Table {
    let axis = middles(120, 0.0, 1.0);
    let mut rows = Vec::new();
    for time in 0..panels {
        for (i, x) in axis.iter().enumerate() {
            for (j, y) in axis.iter().enumerate() {
                rows.push(vec![
                    time as f64,
                    *x,
                    *y,
                    scatter(131 * i + j + time),
                    scatter(j) - 0.5,
                    scatter(i) - 0.5,
                ]);
            }
        }
    }
    table("density", &["time", "x", "y", "density", "current_x", "current_y"], &rows)
}

fn survival(measured: bool, betas: &[f64], targets: usize) -> Table {
    let mut rows = Vec::new();
    let mut names = Vec::new();
    for &beta in betas {
        for target in 0..targets {
            let rate = f64::exp(-beta) * 0.3 / (1.0 + target as f64);
            for step in 0..=120 {
                let time = 0.12 * f64::from(step) / rate;
                let settled = 1.0 - f64::exp(-time * 3.0 * rate);
                let survival = (-(rate * time - 0.4 * settled).max(0.0)).exp();
                let tail =
                    if measured { survival * (1.0 - survival) / 400.0 } else { 1.49 * (-rate * time).exp() };
                rows.push(vec![beta, time, survival, tail.abs().sqrt().min(0.02), tail]);
                names.push(["x >= 0", "x >= 1"][target].to_owned());
            }
        }
    }
    let column = |index: usize| Values::Number(rows.iter().map(|row| row[index]).collect());
    let table = Table::new("survival", "")
        .column("cell", Values::Integer(rows.iter().map(|row| row[0] as i64).collect()))
        .column("beta", column(0))
        .column("target", Values::Text(names))
        .column("time", column(1))
        .column("survival", column(2));
    if measured {
        table.column("survival_stderr", column(3))
    } else {
        table.column("survival_quasi_stationary", column(4))
    }
}

fn orders() -> Table {
    let mut text = (Vec::new(), Vec::new());
    let mut rows = Vec::new();
    for quantity in ["variance", "escape_time", "total variation"] {
        for (approximation, order) in
            [("fokker_planck", 1.0), ("second_order_generator", 2.0), ("discrete_fokker_planck", 2.0)]
        {
            for k in 0..6 {
                let rate = 0.02 * 2f64.powi(k);
                let scale = if approximation.starts_with("disc") { 0.02 } else { 0.5 };
                text.0.push(approximation.to_owned());
                text.1.push(quantity.to_owned());
                rows.push([rate, scale * rate.powf(order) * (1.0 + 0.2 * rate), order + 0.013, 0.021]);
            }
        }
    }
    let column = |index: usize| Values::Number(rows.iter().map(|row| row[index]).collect());
    Table::new("orders", "")
        .column("approximation", Values::Text(text.0))
        .column("quantity", Values::Text(text.1))
        .column("learning_rate", column(0))
        .column("error", column(1))
        .column("order", column(2))
        .column("order_stderr", column(3))
}

fn spectrum() -> Table {
    let mut rows = Vec::new();
    for omega in [0.0, 1.0] {
        for mode in 0..12 {
            let decay = if mode == 0 { 0.0 } else { 1e-4 * 3f64.powi((mode + 1) / 2) };
            rows.push(vec![omega, f64::from(mode), decay, omega * f64::from((mode + 1) / 2 % 2) * decay]);
        }
    }
    table("spectrum", &["omega", "mode", "decay", "frequency"], &rows)
}

fn cases() -> Vec<(&'static str, Table)> {
    let seven: Vec<f64> = (1..=8).map(f64::from).collect();
    let many: Vec<f64> = (0..30).map(|k| 0.1 * f64::from(k)).collect();
    vec![
        ("double-well", double_well(&[3.0])),
        ("double-well-settings", double_well(&seven)),
        ("rotating", rotating(&[1.0], &[f64::NAN], 120)),
        ("rotating-settings", rotating(&[0.0, 0.5, 2.0], &[f64::NAN], 60)),
        ("rotating-times", rotating(&[1.0], &many, 30)),
        ("rotating-both", rotating(&[1.0, 2.0], &many, 20)),
        ("anisotropic", anisotropic()),
        ("fractal", fractal()),
        ("fractal-plane", fractal_plane()),
        ("constant", constant(1)),
        ("constant-plane", constant(2)),
        ("point", table("density", &["time", "x", "density"], &[vec![1.0, 0.5, 2.0]])),
        ("point-plane", table("density", &["time", "x", "y", "density"], &[vec![1.0, 0.5, 0.0, 2.0]])),
        ("gaps", gaps(1)),
        ("gaps-plane", gaps(2)),
        ("noise", noise(1)),
        ("noise-times", noise(6)),
        ("rotating-times-fine", rotating(&[1.0], &many[..6], 120)),
        ("no-current", rotating(&[0.0], &[f64::NAN], 40)),
        ("nothing", table("density", &["time", "x", "density"], &[vec![1.0, 0.5, f64::NAN]])),
        ("survival", survival(true, &[1.0, 2.0, 3.0], 2)),
        ("survival-computed", survival(false, &[2.0], 1)),
        ("survival-apart", survival(false, &[1.0, 3.0, 6.0], 1)),
        ("orders", orders()),
        ("spectrum", spectrum()),
    ]
}

/// Well-formed, without numbers that are none, and not too large for a page; its texts.
fn checked(figure: &DetailFigure) -> Vec<String> {
    let svg = figure.figure.to_svg();
    assert!(svg.len() < 500_000, "{}: {} bytes", figure.name, svg.len());
    assert!(figure.name.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", figure.name);
    let document = roxmltree::Document::parse(&svg).expect("well-formed");
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        for attribute in node.attributes().filter(|attribute| attribute.name() != "class") {
            assert!(
                !attribute.value().contains("NaN") && !attribute.value().contains("inf"),
                "{attribute:?}"
            );
        }
    }
    let text = |node: roxmltree::Node<'_, '_>| node.text().map(str::to_owned);
    document.descendants().filter(|node| node.tag_name().name() == "text").filter_map(text).collect()
}

#[test]
fn tables_of_studies_make_small_figures() {
    for (name, table) in cases() {
        let figures = detail_figures(&table, &WORDING);
        assert_eq!(figures.is_empty(), name == "nothing", "{name}");
        for figure in &figures {
            let texts = checked(figure);
            assert!(!texts.iter().any(|text| text == "no data"), "{name}");
            assert!(figure.caption.ends_with('.'), "{name}: {}", figure.caption);
        }
    }
}

#[test]
fn captions_say_what_is_left_out() {
    let seven: Vec<f64> = (1..=8).map(f64::from).collect();
    let many: Vec<f64> = (0..30).map(f64::from).collect();
    for (table, said) in [
        (double_well(&seven), "Of 8 settings, 6 are shown."),
        (double_well(&seven), "Of its cells an even selection is shown."),
        (rotating(&[1.0], &many, 12), "Of 30 densities, 6 are shown."),
        (rotating(&[1.0], &[f64::NAN], 12), "The largest |J| shown is "),
        (survival(true, &many[..12], 1), "Of 12 settings, 8 are shown."),
    ] {
        let caption = &detail_figures(&table, &WORDING)[0].caption;
        assert!(caption.contains(said), "{caption}");
    }
}

/// Texts of the figure of a table.
fn texts(table: &Table) -> Vec<String> {
    checked(&detail_figures(table, &WORDING)[0])
}

#[test]
fn panels_and_lines_are_named_by_what_varies() {
    let all = texts(&double_well(&[3.0, 1.0]));
    let places =
        ["β = 1", "β = 3", "t = 0.05", "t = 125", "stationary", "ensemble", "density p(x)"].map(|text| {
            all.iter().position(|other| other == text).unwrap_or_else(|| panic!("{text} in {all:?}"))
        });
    assert!(places[0] < places[1] && places[2] < places[3] && places[3] < places[4]);
    let one = texts(&double_well(&[3.0]));
    assert!(!one.iter().any(|text| text.contains('β')), "{one:?}");
    let plane = texts(&anisotropic());
    for text in ["k = 10", "k = 1000", "θ₁", "θ₂", "density p(θ₁, θ₂)"] {
        assert!(plane.iter().any(|other| other == text), "{text} in {plane:?}");
    }
    let lines = texts(&orders());
    for text in ["fokker planck: order 1.01(2)", "escape time", "learning rate η"] {
        assert!(lines.iter().any(|other| other == text), "{text} in {lines:?}");
    }
}

/// The current of a Gibbs law is what rounding leaves: to draw it would be to claim one.
#[test]
fn rounding_is_no_current() {
    let mut table = rotating(&[1.0], &[f64::NAN], 40);
    for column in &mut table.columns {
        if let Values::Number(values) = &mut column.values
            && column.name.starts_with("current_")
        {
            for value in values {
                *value *= 1e-15;
            }
        }
    }
    let all = texts(&table);
    assert!(all.iter().any(|text| text == "no current"), "{all:?}");
}

/// A file of rows in another order is the same table.
#[test]
fn order_of_rows_does_not_matter() {
    let table = rotating(&[0.5, 1.0], &[1.0, f64::NAN], 15);
    let mut turned = table.clone();
    for column in &mut turned.columns {
        if let Values::Number(values) = &mut column.values {
            values.reverse();
        }
    }
    assert_eq!(
        detail_figures(&table, &WORDING)[0].figure.to_svg(),
        detail_figures(&turned, &WORDING)[0].figure.to_svg()
    );
}

/// Counts with gaps reach a report as texts.
#[test]
fn whole_numbers_with_gaps_are_times() {
    let steps = ["100", "100", "–", "–"].map(str::to_owned).to_vec();
    let table = Table::new("density", "")
        .column("steps", Values::Text(steps))
        .column("x", Values::Integer(vec![0, 1, 0, 1]))
        .column("density", Values::Number(vec![0.3, 0.7, 0.5, 0.5]));
    let all = texts(&table);
    for text in ["k = 100", "stationary"] {
        assert!(all.iter().any(|other| other == text), "{text} in {all:?}");
    }
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        6 => (0..4i32).prop_map(f64::from),
        2 => -10.0..10.0f64,
        1 => any::<f64>(),
        1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, 5e-324, -0.0, 1e300]),
    ]
}

fn values() -> impl Strategy<Value = Values> {
    prop_oneof![
        8 => prop::collection::vec(number(), 0..40).prop_map(Values::Number),
        1 => prop::collection::vec(0..3i64, 0..40).prop_map(Values::Integer),
        1 => prop::collection::vec(any::<i64>(), 0..9).prop_map(Values::Integer),
        1 => prop::collection::vec("[ab<0-9]{0,3}", 0..40).prop_map(Values::Text),
        1 => prop::collection::vec(any::<bool>(), 0..40).prop_map(Values::Bool),
    ]
}

const COLUMNS: [&str; 24] = [
    "beta",
    "cell",
    "target",
    "time",
    "steps",
    "x",
    "y",
    "density",
    "current_x",
    "current_y",
    "density_ensemble",
    "density_ensemble_stderr",
    "survival",
    "survival_stderr",
    "survival_quasi_stationary",
    "approximation",
    "quantity",
    "learning_rate",
    "error",
    "order",
    "order_stderr",
    "mode",
    "decay",
    "frequency",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_table_panics(
        name in prop::sample::select(vec!["density", "survival", "orders", "spectrum"]),
        kept in prop::collection::vec(prop::bool::weighted(0.7), COLUMNS.len()),
        columns in prop::collection::vec(values(), COLUMNS.len()),
        shift in 0..COLUMNS.len(),
        turned in prop::bool::weighted(0.2),
    ) {
        let mut table = Table::new(name, "");
        for ((column, values), kept) in COLUMNS.iter().zip(columns).zip(kept) {
            if kept {
                table = table.column(*column, values);
            }
        }
        if turned && !table.columns.is_empty() {
            let shift = shift % table.columns.len();
            table.columns.rotate_left(shift);
        }
        for figure in detail_figures(&table, &WORDING) {
            checked(&figure);
        }
    }

    /// Well-formed densities with a few values of any kind, which the test above rarely meets.
    #[test]
    fn no_density_panics(places in prop::collection::vec((0..900usize, 0..7usize, number()), 0..60)) {
        let mut table = rotating(&[1.0], &[1.0, f64::NAN], 15);
        for (row, column, value) in places {
            if let Values::Number(values) = &mut table.columns[column].values
                && let Some(entry) = values.get_mut(row)
            {
                *entry = value;
            }
        }
        for figure in detail_figures(&table, &WORDING) {
            checked(&figure);
        }
    }
}

/// Every case becomes a picture, to be looked at in the target folder's `tmp/details`.
#[test]
fn pictures() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("details");
    std::fs::create_dir_all(&folder).unwrap();
    for (case, table) in cases() {
        for figure in detail_figures(&table, &WORDING) {
            let file = folder.join(format!("{case}-{}.png", figure.name));
            std::fs::write(&file, figure.figure.to_png(1.0).unwrap()).unwrap();
            println!(
                "{} {} bytes of SVG\n  {}",
                file.display(),
                figure.figure.to_svg().len(),
                figure.caption
            );
        }
    }
}
