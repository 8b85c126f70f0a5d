//! Info: which messages an object supports.

use oci_image_schema::interface::Interface;
use oci_image_schema::protocol::{ICON, INTERFACE_VERSION, Info, MessageInfo};

/// How info lists a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InfoShape {
    /// With inputs, outputs and caches, as the reference's SDK does.
    Configured,
    /// By name alone, as RFC 37 was merged.
    Names,
}

/// Info of an object: with `build` where it is described, without any message where it is not.
#[must_use]
pub fn info(interface: Option<Interface>, shape: InfoShape) -> Info {
    let build = |interface: Interface| match shape {
        InfoShape::Configured => MessageInfo::Configured {
            name: "build".to_owned(),
            config: interface.into(),
        },
        InfoShape::Names => MessageInfo::Name("build".to_owned()),
    };
    Info {
        interface_version: INTERFACE_VERSION.to_owned(),
        icon: ICON.to_owned(),
        messages: interface.into_iter().map(build).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn info_of_an_unsupported_object_has_no_messages() {
        let info = serde_json::to_string(&info(None, InfoShape::Configured)).unwrap();

        assert_eq!(
            info,
            r#"{"interface_version":"1.0","icon":"mdi:oci","messages":[]}"#
        );
    }

    #[test]
    fn info_names_inputs_outputs_and_caches_as_the_sdk_does() {
        let interface: Interface = serde_json::from_str(
            r#"{"inputs":[{"name":"src"}],"outputs":[{"name":"out","path":"image"}],"caches":["cache"]}"#,
        )
        .unwrap();

        let configured =
            serde_json::to_string(&info(Some(interface.clone()), InfoShape::Configured)).unwrap();
        let names = serde_json::to_string(&info(Some(interface), InfoShape::Names)).unwrap();

        assert_eq!(
            configured,
            concat!(
                r#"{"interface_version":"1.0","icon":"mdi:oci","messages":[{"name":"build","config":{"#,
                r#""inputs":[{"name":"src"}],"outputs":[{"name":"out","path":"image"}],"caches":[{"path":"cache"}]}}]}"#
            )
        );
        assert_eq!(
            names,
            r#"{"interface_version":"1.0","icon":"mdi:oci","messages":["build"]}"#
        );
    }
}
