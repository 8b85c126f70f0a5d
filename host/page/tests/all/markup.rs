//! The markup of a page, read: it may have what is its own, and nothing that came in with a text.

/// What the page itself may have, and nothing else.
const ELEMENTS: &[&str] = &[
    "a", "body", "caption", "circle", "code", "col", "colgroup", "dd", "details", "div", "dl",
    "dt", "h1", "h2", "h3", "head", "header", "html", "li", "line", "link", "main", "mark", "meta",
    "ol", "p", "pre", "rect", "section", "span", "style", "summary", "svg", "table", "tbody", "td",
    "text", "th", "thead", "title", "tr", "ul",
];

const ATTRIBUTES: &[&str] = &[
    "aria-hidden",
    "aria-label",
    "aria-labelledby",
    "charset",
    "class",
    "content",
    "cx",
    "cy",
    "focusable",
    "height",
    "href",
    "http-equiv",
    "id",
    "lang",
    "name",
    "open",
    "r",
    "rel",
    "role",
    "scope",
    "tabindex",
    "width",
    "x",
    "x1",
    "x2",
    "y",
    "y1",
    "y2",
];

/// Reads a page as a browser would, tag by tag, and refuses what it may not have.
pub(crate) fn assert_own_markup(page: &str) {
    let (head, rest) = page.split_once("<style>").unwrap();
    let (_sheet, body) = rest.split_once("</style>").unwrap();
    assert!(!body.contains("<style"), "a second sheet");
    for part in [head, body] {
        for tag in part.split('<').skip(1) {
            let (tag, text) = tag
                .split_once('>')
                .unwrap_or_else(|| panic!("no end: {tag}"));
            assert!(!text.contains('>'), "text with markup: {text}");
            assert_tag(tag);
        }
    }
    let odd = |character: char| {
        character.is_control() && character != '\n' && character != '\t' || character == '\u{202e}'
    };
    assert_eq!(page.chars().find(|character| odd(*character)), None);
}

fn assert_tag(tag: &str) {
    let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
    let name = name.strip_prefix('/').unwrap_or(name);
    assert!(
        ELEMENTS.contains(&name) || tag == "!DOCTYPE html",
        "element: <{tag}>"
    );
    if tag == "!DOCTYPE html" {
        return;
    }
    while !rest.is_empty() {
        let end = rest.find(['=', ' ']).unwrap_or(rest.len());
        let attribute = &rest[..end];
        assert!(ATTRIBUTES.contains(&attribute), "attribute: <{tag}>");
        rest = rest[end..].trim_start();
        if let Some(value) = rest.strip_prefix("=\"") {
            let (value, after) = value.split_once('"').unwrap();
            let leads_inside = value.starts_with('#') || value.starts_with("data:image/svg+xml,");
            assert!(
                attribute != "href" || leads_inside,
                "it leads away: <{tag}>"
            );
            rest = after.trim_start();
        }
    }
}
