//! Figures (SVG, PNG) and self-contained HTML reports, from plain numbers.
