//! Keys that are only passed on: nothing is judged but their form.
//!
//! Source: `oci_image_schema::passed`.

use oci_image_schema::key::{Key, Shape};
use oci_image_schema::passed::line;

use crate::json::{Node, Text};
use crate::reader::Reader;

/// The text of the attribute that a key becomes; none if it counts as left out.
pub(crate) fn text<'t>(reader: &mut Reader<'_, 't>, key: &Key, node: Node<'t>) -> Option<String> {
    let own = |text: Text<'_>| text.as_str().to_owned();
    match key.shape {
        Shape::Flag => reader.boolean(node).then(String::new),
        Shape::Text => reader.optional(key.name, node).map(own),
        Shape::List => {
            let list: Vec<String> = reader.texts(key.name, node).into_iter().map(own).collect();
            (!list.is_empty()).then(|| line(&list))
        }
        Shape::Lines | Shape::Map => None, // no row passes one on
    }
}

#[cfg(test)]
mod tests {
    use oci_image_schema::key::KEYS;

    use super::*;
    use crate::findings::Findings;

    /// What a key of a form becomes, and how many findings there are.
    fn passed(shape: Shape, value: &str) -> (Option<String>, usize) {
        let key = Key { shape, ..KEYS[0] };
        let mut findings = Findings::new(value);
        let node = Node::root(value).unwrap();
        let text = text(
            &mut Reader {
                findings: &mut findings,
            },
            &key,
            node,
        );
        (text, findings.into_diagnostics().len())
    }

    #[test]
    fn value_of_the_right_form_becomes_a_text_without_a_word() {
        let text = |text: &str| (Some(text.to_owned()), 0);
        assert_eq!(passed(Shape::Flag, "true"), text(""));
        assert_eq!(passed(Shape::Flag, "false"), (None, 0));
        assert_eq!(passed(Shape::Text, r#"" a,b ""#), text(" a,b "));
        assert_eq!(passed(Shape::List, r#"["a=1:2","b"]"#), text("a=1:2,b"));
        assert_eq!(passed(Shape::List, r#"["a,b"]"#), text("\"a,b\""));
        assert_eq!(passed(Shape::List, "[]"), (None, 0));
    }

    #[test]
    fn value_of_another_form_is_told() {
        for (shape, value) in [
            (Shape::Flag, "1"),
            (Shape::Text, "true"),
            (Shape::Text, r#""""#),
            (Shape::List, r#""a""#),
            (Shape::List, r#"[""]"#),
        ] {
            assert_eq!(passed(shape, value), (None, 1), "{value}");
        }
    }
}
