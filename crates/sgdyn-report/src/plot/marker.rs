//! The shapes of data points.

use crate::palette::Ink;
use crate::scene::{Command, Item, Path, Stroke};

use Command::{Circle, Close, Line, Move};

/// The number of marker shapes.
const SHAPES: usize = 8;

/// More markers than this become dots, which take a tenth of the space in a file.
const MOST_SHAPES: usize = 2000;

/// A marker of shape `number` around each point, equal in area over the shapes; every shape is filled but the last two.
pub(crate) fn markers(points: &[(f64, f64)], number: usize, radius: f64, ink: Ink) -> Item {
    if points.len() > MOST_SHAPES {
        // The round ends of a stroke without length.
        let dots = points.iter().flat_map(|&(x, y)| [Move(x, y), Line(x + 0.01, y)]).collect();
        return Path::stroke(dots, ink, 2.0 * radius, &[]);
    }
    let shape = number % SHAPES;
    let mut commands = Vec::new();
    for &(x, y) in points {
        outline(&mut commands, shape, x, y, radius);
    }
    let open = shape >= 6;
    let (fill, rim) = if open { (Ink::Paper, ink) } else { (ink, Ink::Paper) };
    // A thin rim of paper keeps overlapping markers apart; tiny markers have none.
    let width = match radius {
        r if r < 2.0 && !open => 0.0,
        _ if open => 1.2,
        _ => 0.6,
    };
    let stroke = (width > 0.0).then_some(Stroke { ink: rim, width, dash: &[] });
    Item::Path(Path { commands, fill: Some((fill, 1.0)), stroke, crisp: false })
}

fn outline(commands: &mut Vec<Command>, shape: usize, x: f64, y: f64, radius: f64) {
    let mut polygon = |corners: &[(f64, f64)]| {
        for (index, &(dx, dy)) in corners.iter().enumerate() {
            let (x, y) = (x + dx * radius, y + dy * radius);
            commands.push(if index == 0 { Move(x, y) } else { Line(x, y) });
        }
        commands.push(Close);
    };
    match shape {
        0 | 6 => commands.push(Circle(x, y, radius)),
        1 | 7 => polygon(&[(-0.89, -0.89), (0.89, -0.89), (0.89, 0.89), (-0.89, 0.89)]),
        2 => polygon(&[(0.0, -1.3), (1.17, 0.78), (-1.17, 0.78)]),
        3 => polygon(&[(0.0, -1.3), (1.3, 0.0), (0.0, 1.3), (-1.3, 0.0)]),
        4 => polygon(&[(0.0, 1.3), (1.17, -0.78), (-1.17, -0.78)]),
        _ => polygon(&[
            (-0.4, -1.25),
            (0.4, -1.25),
            (0.4, -0.4),
            (1.25, -0.4),
            (1.25, 0.4),
            (0.4, 0.4),
            (0.4, 1.25),
            (-0.4, 1.25),
            (-0.4, 0.4),
            (-1.25, 0.4),
            (-1.25, -0.4),
            (-0.4, -0.4),
        ]),
    }
}
