//! JSON Pointers (RFC 6901) from places.

use oci_image_schema::diagnostic::pointer_token;

use super::{Kind, Node};

/// The JSON Pointers (RFC 6901) of the innermost values, or their keys, that hold the bytes at `offsets`; these ascend.
pub(crate) fn pointers(text: &str, offsets: &[usize]) -> Vec<String> {
    let mut walk = Walk {
        offsets,
        pointers: Vec::with_capacity(offsets.len()),
    };
    if let Ok(root) = Node::root(text) {
        walk.descend(root, "");
    }
    walk.settle(usize::MAX, "");
    walk.pointers
}

/// One walk over the text for all offsets. It enters only values that hold one, so it is as deep as the object's known keys.
struct Walk<'o> {
    offsets: &'o [usize],
    pointers: Vec<String>,
}

impl Walk<'_> {
    /// Gives `pointer` to every offset left that is below `end`.
    fn settle(&mut self, end: usize, pointer: &str) {
        while self.offsets.first().is_some_and(|offset| *offset < end) {
            self.pointers.push(pointer.to_owned());
            self.offsets = &self.offsets[1..];
        }
    }

    fn descend(&mut self, node: Node<'_>, pointer: &str) {
        self.settle(node.start + 1, pointer);
        if self
            .offsets
            .first()
            .is_none_or(|offset| *offset >= node.end())
        {
            return;
        }
        match node.kind() {
            Kind::Object => {
                for (key, value) in node.entries().list {
                    self.member(
                        key.start,
                        value,
                        || format!("{pointer}/{}", token(key)),
                        pointer,
                    );
                }
            }
            Kind::List => {
                for (index, element) in node.elements().list.into_iter().enumerate() {
                    self.member(
                        element.start,
                        element,
                        || format!("{pointer}/{index}"),
                        pointer,
                    );
                }
            }
            _ => {}
        }
        self.settle(node.end(), pointer);
    }

    fn member(
        &mut self,
        start: usize,
        value: Node<'_>,
        inner: impl FnOnce() -> String,
        outer: &str,
    ) {
        self.settle(start, outer);
        if self
            .offsets
            .first()
            .is_some_and(|offset| *offset < value.end())
        {
            let inner = inner();
            self.settle(value.start, &inner);
            self.descend(value, &inner);
        }
    }
}

/// A key as a token of a pointer.
fn token(key: Node<'_>) -> String {
    let key = key
        .text()
        .map_or_else(|| key.raw.to_owned(), |text| text.as_str().to_owned());
    pointer_token(&key)
}
