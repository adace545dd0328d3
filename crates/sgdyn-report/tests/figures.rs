//! Figures as a whole: well-formed, on the page, not blank, and never a panic, whatever the numbers.

use proptest::prelude::*;
use resvg::tiny_skia::Pixmap;
use sgdyn_report::{Axis, Dash, Figure, HeatMap, Panel, ReportError, Scale, Series};

fn example() -> Figure {
    let x = vec![1e-3, 1e-2, 1e-1];
    let panel = Panel::new(Axis::log("learning rate η"), Axis::log("variance"))
        .title("(a) <measured> & predicted")
        .series(Series::line(x.clone(), [5e-4, 5e-3, 5.2e-2]).label("theory"))
        .series(Series::points(x, [5.1e-4, 4.9e-3, 5.3e-2]).error([1e-5, 1e-4, 1e-3], 1.96).label("measured"))
        .series(Series::horizontal(1e-2).label("floor"))
        .series(Series::vertical(5e-2).label("limit"));
    Figure::new("Variance \"θ̂\"").subtitle("95 %").panel(panel.clone()).panel(panel).share_x()
}

/// Checks what must hold of any figure: well-formed XML, finite coordinates, text on the page, references that resolve.
fn check(svg: &str) {
    let document = roxmltree::Document::parse(svg).expect("well-formed");
    let root = document.root_element();
    let (width, height): (f64, f64) = (
        root.attribute("width").unwrap().parse().unwrap(),
        root.attribute("height").unwrap().parse().unwrap(),
    );
    assert!(width < 20_000.0 && height < 50_000.0);
    for node in root.descendants().filter(roxmltree::Node::is_element) {
        for attribute in node.attributes().filter(|attribute| attribute.name() != "class") {
            let value = attribute.value();
            assert!(!value.contains("NaN") && !value.contains("inf"), "{attribute:?}");
            if let Some(name) = value.strip_prefix("url(#") {
                let name = name.trim_end_matches(')');
                assert!(root.descendants().any(|node| node.attribute("id") == Some(name)));
            }
        }
    }
}

#[test]
fn documents_are_well_formed_deterministic_and_described() {
    let svg = example().to_svg();
    check(&svg);
    assert_eq!(svg, example().to_svg());
    let document = roxmltree::Document::parse(&svg).unwrap();
    let text =
        |name| document.descendants().find(|node| node.has_tag_name(("http://www.w3.org/2000/svg", name)));
    assert_eq!(text("title").unwrap().text(), Some("Variance \"θ̂\""));
    assert!(
        text("desc").unwrap().text().unwrap().contains("variance against learning rate η; shown: theory")
    );
    assert!(svg.contains("(a) &lt;measured&gt; &amp; predicted") && svg.contains(">10⁻²<"));
}

#[test]
fn png_has_the_size_asked_for_and_shows_something() {
    let figure = example();
    let svg = figure.to_svg();
    let document = roxmltree::Document::parse(&svg).unwrap();
    let side = |name| document.root_element().attribute(name).unwrap().parse::<f64>().unwrap();
    let image = Pixmap::decode_png(&figure.to_png(1.5).unwrap()).unwrap();
    assert_eq!(f64::from(image.width()), (side("width") * 1.5).round());
    assert_eq!(f64::from(image.height()), (side("height") * 1.5).round());
    let dark = image.pixels().iter().filter(|pixel| pixel.red() < 128).count();
    let share = dark as f64 / image.pixels().len() as f64;
    // Text, axes and lines: more than a speck, far from all of it.
    assert!((0.005..0.2).contains(&share), "{share}");
    assert!(image.pixels().iter().all(|pixel| pixel.alpha() == 255));
}

#[test]
fn text_is_drawn_with_the_embedded_font() {
    let image = |title: &str| Figure::new(title).to_png(1.0).unwrap();
    assert_ne!(image("η"), image("β"));
    assert_ne!(image("10⁻³"), image("10³"));
}

#[test]
fn scales_that_cannot_be_are_refused() {
    for scale in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-9, 1e6] {
        let error = example().to_png(scale).unwrap_err();
        assert!(matches!(error, ReportError::Scale { limit: 16384, .. }), "{error}");
    }
}

/// Two axes of each kind, every form of series, with numbers of every kind.
fn nasty() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => -10.0..10.0f64,
        1 => any::<f64>(),
        1 => prop::sample::select(vec![
            0.0, -0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN, f64::MIN_POSITIVE, 5e-324, 1e300, 1.0,
        ]),
    ]
}

fn axis() -> impl Strategy<Value = Axis> {
    let scale = prop_oneof![
        Just(Scale::Linear),
        Just(Scale::Log),
        prop::collection::vec(".{0,20}", 0..4).prop_map(Scale::Categories),
    ];
    (".{0,30}", scale, prop::option::of(nasty()), prop::option::of(nasty())).prop_map(
        |(label, scale, lower, upper)| {
            let axis = Axis::new(label, scale);
            let axis = lower.map_or(axis.clone(), |lower| axis.lower(lower));
            upper.map_or(axis.clone(), |upper| axis.upper(upper))
        },
    )
}

fn series() -> impl Strategy<Value = Series> {
    let numbers = || prop::collection::vec(nasty(), 0..8);
    let shape = (0..9usize, numbers(), numbers(), numbers(), nasty(), any::<bool>());
    (shape, prop::option::of(".{0,12}")).prop_map(|((kind, a, b, c, v, log), label)| {
        let series = match kind {
            0 => Series::line(a, b),
            1 => Series::points(a, b).error(c, v),
            2 => Series::bars(a, b),
            3 => Series::band(a, b, c),
            4 => Series::steps(a, b).dash(Dash::Dotted),
            5 => Series::horizontal(v),
            6 => Series::vertical(v),
            7 => Series::arrows(a, b, c.clone(), c),
            _ => Series::heat_map(HeatMap { x_edges: a, y_edges: b, values: c, label: "z".into(), log })
                .color_range(v, 2.0),
        };
        label.map_or(series.clone(), |label| series.label(label))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn no_input_panics(
        panels in prop::collection::vec((axis(), axis(), prop::collection::vec(series(), 0..4)), 0..3),
        title in ".{0,40}",
        share: bool,
        columns in 0..4usize,
        size in (nasty(), nasty()),
        rows in prop::collection::vec(nasty(), 0..3),
    ) {
        let mut figure = Figure::new(title).columns(columns).panel_size(size.0, size.1).row_heights(rows);
        if share { figure = figure.share_x(); }
        for (x, y, all) in panels {
            figure = figure.panel(all.into_iter().fold(Panel::new(x, y), Panel::series));
        }
        check(&figure.to_svg());
    }
}

#[test]
fn what_is_left_out_is_counted() {
    let panel = Panel::new(Axis::linear("x").range(0.0, 3.5), Axis::log("y"))
        .series(Series::points([0.0, 1.0, 2.0, 3.0, 9.0], [1.0, 0.0, -2.0, f64::INFINITY, 5.0]));
    let svg = Figure::new("").panel_size(900.0, 200.0).panel(panel).to_svg();
    for note in ["2 values ≤ 0 have no place", "1 value at infinity", "1 point outside"] {
        assert!(svg.contains(note), "{note}");
    }
    assert!(
        Figure::new("").panel(Panel::new(Axis::linear(""), Axis::linear(""))).to_svg().contains("no data")
    );
}

#[test]
fn many_points_make_a_small_file() {
    let x: Vec<f64> = (0..100_000).map(f64::from).collect();
    let y: Vec<f64> = x.iter().map(|x| (x * 0.37).sin()).collect();
    let panel = Panel::new(Axis::linear("x"), Axis::linear("y"));
    for series in
        [Series::line(x.clone(), y.clone()), Series::points(x.clone(), y.clone()), Series::steps(x, y)]
    {
        let svg = Figure::new("").panel(panel.clone().series(series)).to_svg();
        assert!(svg.len() < 2_000_000, "{}", svg.len());
    }
}
