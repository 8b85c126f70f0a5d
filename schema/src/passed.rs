//! What is only passed on: a value of the object as the text of an attribute.
//!
//! Source: BuildKit's `frontend/dockerui`, which reads a list as a line of CSV, and a flag by its being there.

/// What an object gives for a key that is only passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given<'o> {
    /// A flag.
    Flag(bool),
    /// A text, as it is.
    Text(Option<&'o str>),
    /// Texts, which the attribute has in one line.
    List(&'o [String]),
    /// Items with commas between, of which the blanks around each mean nothing.
    Items(Option<&'o str>),
}

impl Given<'_> {
    /// The attribute's text; absent where the key counts as left out.
    #[must_use]
    pub fn text(self) -> Option<String> {
        let text = match self {
            Self::Flag(flag) => return flag.then(String::new),
            Self::Text(text) => text.unwrap_or_default().to_owned(),
            Self::List(list) => line(list),
            Self::Items(items) => {
                let items = items.unwrap_or_default().split(',').map(str::trim);
                items.collect::<Vec<_>>().join(",")
            }
        };
        Some(text).filter(|text| !text.is_empty())
    }
}

/// A line of CSV: an element that holds a comma or a quote stands in quotes (RFC 4180).
#[must_use]
pub fn line(list: &[String]) -> String {
    let mut line = String::new();
    for (index, element) in list.iter().enumerate() {
        if index > 0 {
            line.push(',');
        }
        let is_sign = |byte: u8| matches!(byte, b',' | b'"' | b'\n' | b'\r');
        if !element.bytes().any(is_sign) {
            line.push_str(element);
            continue;
        }
        line.push('"');
        for character in element.chars() {
            line.push(character);
            if character == '"' {
                line.push(character);
            }
        }
        line.push('"');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flag_is_an_attribute_without_a_text_or_none() {
        assert_eq!(Given::Flag(true).text().as_deref(), Some(""));
        assert_eq!(Given::Flag(false).text(), None);
    }

    #[test]
    fn text_is_passed_on_as_it_is_and_an_empty_one_is_left_out() {
        assert_eq!(Given::Text(Some(" 64m ")).text().as_deref(), Some(" 64m "));
        for nothing in [Given::Text(None), Given::Text(Some("")), Given::List(&[])] {
            assert_eq!(nothing.text(), None);
        }
    }

    #[test]
    fn list_is_a_line_of_csv() {
        let list = ["nofile=1:2", "a,b", "c\"d"].map(str::to_owned);
        assert_eq!(
            Given::List(&list).text().as_deref(),
            Some("nofile=1:2,\"a,b\",\"c\"\"d\"")
        );
    }

    #[test]
    fn items_stand_without_blanks_around_them() {
        let items = Given::Items(Some(" db=10.0.0.7 ,x=::1\n"));
        assert_eq!(items.text().as_deref(), Some("db=10.0.0.7,x=::1"));
    }
}
