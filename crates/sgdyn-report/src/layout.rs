//! Panels on the page: rows and columns whose margins follow from the texts in them.

use crate::font;
use crate::palette::Ink;
use crate::plot::{self, Margins, Plot};
use crate::scale::Extent;
use crate::scene::{Item, Path, Scene, Text, rectangle};
use crate::{Figure, Panel};

const PAGE_MARGIN: f64 = 14.0;
const COLUMN_GAP: f64 = 26.0;
const ROW_GAP: f64 = 14.0;
/// Between rows that share their x axis.
const SHARED_GAP: f64 = 4.0;
/// Rectangles of all heat maps of a figure: some 250 kB.
const MOST_HEAT_RUNS: usize = 20_000;
const TITLE_SIZE: f64 = 15.0;
const SUBTITLE_SIZE: f64 = 12.0;

/// The page of `figure`.
pub(crate) fn arrange(figure: &Figure) -> Scene {
    let columns = figure.columns.min(figure.panels.len()).max(1);
    let plots = plots(figure, columns);
    let rows = plots.len().div_ceil(columns);
    let mut across = vec![Margins::default(); columns];
    let mut down = vec![Margins::default(); rows];
    for (index, plot) in plots.iter().enumerate() {
        let margins = plot.margins();
        across[index % columns] = across[index % columns].union(margins);
        down[index / columns] = down[index / columns].union(margins);
    }
    let column_widths = across.iter().map(|margins| margins.left + figure.panel_width + margins.right);
    let grid_width = column_widths.sum::<f64>() + COLUMN_GAP * (columns - 1) as f64;
    let width = (grid_width.max(240.0) + 2.0 * PAGE_MARGIN).ceil();

    let (heading, mut y) = heading(figure, width - 2.0 * PAGE_MARGIN);
    let mut items = Vec::new();
    let mut plots = plots.into_iter();
    for (row, vertical) in down.iter().enumerate() {
        if row > 0 {
            y += if figure.share_x { SHARED_GAP } else { ROW_GAP };
        }
        y += vertical.top;
        let mut x = PAGE_MARGIN;
        for (plot, horizontal) in plots.by_ref().take(columns).zip(&across) {
            // Frames on whole pixels are sharp.
            items.push(plot.draw((x + horizontal.left).round(), y.round(), horizontal.left));
            x += horizontal.left + figure.panel_width + horizontal.right + COLUMN_GAP;
        }
        y += row_height(figure, row) + vertical.bottom;
    }
    let height = (y + PAGE_MARGIN).ceil();
    let paper = Path::fill(rectangle(0.0, 0.0, width, height), Ink::Paper, 1.0);
    let items = std::iter::once(paper).chain(heading).chain(items).collect();
    Scene { width, height, title: figure.title.clone(), description: figure.alternative(), items }
}

fn row_height(figure: &Figure, row: usize) -> f64 {
    let share = figure.row_heights.get(row).copied().filter(|share| share.is_finite()).unwrap_or(1.0);
    (figure.panel_height * share).clamp(40.0, 4000.0).round()
}

fn plots(figure: &Figure, columns: usize) -> Vec<Plot<'_>> {
    let extents: Vec<Extent> = figure.panels.iter().map(|panel| plot::extents(panel).0).collect();
    let heat_maps = figure.panels.iter().filter(|panel| plot::heat_map(panel).is_some()).count();
    let heat_runs = MOST_HEAT_RUNS / heat_maps.max(1);
    let same_scale = |a: &Panel, b: &Panel| a.x.scale == b.x.scale;
    figure
        .panels
        .iter()
        .enumerate()
        .map(|(index, panel)| {
            let size = (figure.panel_width, row_height(figure, index / columns));
            if !figure.share_x {
                return Plot::new(panel, extents[index], size, true, heat_runs);
            }
            let column: Vec<usize> = (index % columns..figure.panels.len())
                .step_by(columns)
                .filter(|&other| same_scale(panel, &figure.panels[other]))
                .collect();
            let extent = column.iter().fold(Extent::default(), |all, &other| all.union(extents[other]));
            let lowest = column.last() == Some(&index);
            Plot::new(panel, extent, size, lowest, heat_runs)
        })
        .collect()
}

/// Title and subtitle, and the height at which they end.
fn heading(figure: &Figure, width: f64) -> (Vec<Item>, f64) {
    let mut y = PAGE_MARGIN;
    let mut items = Vec::new();
    for (text, size, ink) in
        [(&figure.title, TITLE_SIZE, Ink::Text), (&figure.subtitle, SUBTITLE_SIZE, Ink::Muted)]
    {
        for line in font::wrap(text, size, width) {
            items.push(Item::Text(Text::new(PAGE_MARGIN, y + 0.85 * size, size, line).ink(ink)));
            y += font::line_height(size);
        }
    }
    if !items.is_empty() {
        y += 4.0;
    }
    (items, y)
}
