//! Documents: JSON as Go's `encoding/json` reads it.
//!
//! Most images are written by programs in Go, and the daemon that pulls them is one: what it takes is no defect. `null` is
//! the zero value of its type (no list, no text), and so is what is left out; a key counts in whatever case of letters.
//!
//! Unknown here: what a document means. Source: Go 1.26, `encoding/json`, `Unmarshal`.

use oci_spec::image::Descriptor;
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Error, Map, Value};

/// Parses a document.
pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    T::deserialize(Document(serde_json::from_slice(bytes)?))
}

/// The member of that name.
pub(super) fn member_mut<'object>(
    object: &'object mut Map<String, Value>,
    name: &str,
) -> Option<&'object mut Value> {
    let key = key(object, name)?;
    object.get_mut(&key)
}

/// Says in a document what something is by now that it describes, as far as it says anything of that.
// Changed as JSON, not as what is known of it: a descriptor has members that the types here lack.
pub(super) fn redescribe(member: &mut Map<String, Value>, now: &Descriptor) {
    for (name, value) in [
        ("digest", now.digest().to_string().into()),
        ("size", now.size().into()),
        ("mediaType", now.media_type().to_string().into()),
    ] {
        if let Some(member) = member_mut(member, name) {
            *member = value;
        }
    }
}

/// How an object writes a key: as it should be, or else in another case of letters.
fn key(object: &Map<String, Value>, name: &str) -> Option<String> {
    if object.contains_key(name) {
        return Some(name.to_owned());
    }
    object
        .keys()
        .find(|key| key.eq_ignore_ascii_case(name))
        .cloned()
}

/// A value that is `null` wherever it is left out.
struct Document(Value);

impl Document {
    fn or(self, zero: impl Into<Value>) -> Self {
        match self.0 {
            Value::Null => Self(zero.into()),
            value => Self(value),
        }
    }
}

/// Reads a type, `null` being its zero value.
macro_rules! or_zero {
    ($zero:expr; $($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.or($zero).deserialize_any(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for Document {
    type Error = Error;

    or_zero!(""; deserialize_str deserialize_string deserialize_char);
    or_zero!(0; deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64);
    or_zero!(0; deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64);
    or_zero!(false; deserialize_bool);
    or_zero!(Vec::<Value>::new(); deserialize_seq);
    or_zero!(Map::new(); deserialize_map);

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Array(values) => {
                visitor.visit_seq(SeqDeserializer::new(values.into_iter().map(Document)))
            }
            Value::Object(members) => {
                let members = members.into_iter().map(|(key, value)| (key, Self(value)));
                visitor.visit_map(MapDeserializer::new(members))
            }
            scalar => scalar.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let mut object = match self.or(Map::new()).0 {
            Value::Object(object) => object,
            other => return Self(other).deserialize_any(visitor),
        };
        let members = fields.iter().map(|name| {
            let value = key(&object, name).and_then(|key| object.remove(&key));
            (*name, Self(value.unwrap_or_default()))
        });
        visitor.visit_map(MapDeserializer::new(members))
    }

    forward_to_deserialize_any! {
        f32 f64 i128 u128 bytes byte_buf unit unit_struct tuple tuple_struct enum identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Error> for Document {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use oci_spec::image::{ImageIndex, ImageManifest};
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(rename_all = "camelCase")]
    struct Everything {
        text: String,
        number: u64,
        flag: bool,
        list: Vec<String>,
        map: HashMap<String, String>,
        optional: Option<String>,
        inner: Inner,
        two_words: Vec<Inner>,
    }

    #[derive(Debug, Default, Deserialize, PartialEq)]
    struct Inner {
        #[serde(rename = "os.version")]
        version: Option<String>,
    }

    fn read(text: &str) -> Everything {
        parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn null_and_what_is_left_out_are_zero_values() {
        let nulls = r#"{"text": null, "number": null, "flag": null, "list": null, "map": null, "optional": null,
            "inner": null, "twoWords": null}"#;

        for document in ["null", "{}", nulls] {
            assert_eq!(read(document), Everything::default(), "{document}");
        }
        let elements = read(r#"{"list": [null], "map": {"a": null}, "twoWords": [null, {}]}"#);
        assert_eq!(elements.list, [""]);
        assert_eq!(elements.map["a"], "");
        assert_eq!(elements.two_words, [Inner::default(), Inner::default()]);
    }

    #[test]
    fn keys_count_in_any_case_and_the_right_one_wins() {
        let document = read(
            r#"{"TEXT": "a", "Inner": {"OS.Version": "1"}, "List": ["wrong"], "list": ["right"], "map": {"Key": "b"}}"#,
        );

        assert_eq!(document.text, "a");
        assert_eq!(document.inner.version.as_deref(), Some("1"));
        assert_eq!(document.list, ["right"]);
        assert_eq!(document.map["Key"], "b");
    }

    #[test]
    fn what_is_of_another_type_is_refused_as_by_go() {
        for document in [
            r#"{"text": 1}"#,
            r#"{"number": "1"}"#,
            r#"{"number": -1}"#,
            r#"{"list": {}}"#,
            r#"{"inner": []}"#,
            "[]",
            "{} {}",
        ] {
            assert!(
                parse::<Everything>(document.as_bytes()).is_err(),
                "{document}"
            );
        }
    }

    #[test]
    fn types_of_the_specification_are_read() {
        let descriptor = r#"{"mediaType": "a/b", "digest": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "size": 3, "urls": null, "annotations": null, "data": null, "platform": {"architecture": "amd64", "os": "linux", "os.features": null}}"#;

        let manifest: ImageManifest = parse(
            format!(r#"{{"Config": {descriptor}, "layers": null, "mediatype": null}}"#).as_bytes(),
        )
        .unwrap();
        let index: ImageIndex =
            parse(format!(r#"{{"manifests": [{descriptor}], "annotations": null}}"#).as_bytes())
                .unwrap();

        assert!(manifest.layers().is_empty() && manifest.media_type().is_none());
        assert_eq!(manifest.config().size(), 3);
        assert!(index.manifests()[0].platform().is_some());
        assert!(parse::<ImageManifest>(b"{}").is_err(), "no config");
    }
}
