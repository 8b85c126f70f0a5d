//! Rows of text that stand below each other.

use console::measure_text_width;

/// Rows of the same number of cells, each column as wide as its widest cell, two blanks between, each line behind `indent`.
pub(super) fn columns<const N: usize>(rows: &[[String; N]], indent: &str) -> String {
    let width = |column: usize| {
        let widths = rows.iter().map(|row| measure_text_width(&row[column]));
        widths.max().unwrap_or_default()
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let mut text = String::new();
    for row in rows {
        let mut line = indent.to_owned();
        for (cell, width) in row.iter().zip(widths) {
            if width > 0 {
                line.push_str(cell);
                let gap = width - measure_text_width(cell) + 2;
                line.push_str(&" ".repeat(gap));
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_they_need_and_empty_ones_take_no_room() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned);

        let text = columns(&[row(["日本", "", "x"]), row(["a", "", ""])], "  ");

        assert_eq!(text, "  日本  x\n  a\n");
    }
}
