//! What the message `build` of an object needs and gives.
//!
//! Asks nothing of the workspace: Concourse asks for this before any directory exists.
//! Source: the reference's answer to info (`config` of `build`).

use oci_image_schema::interface::{Input, Interface, Output};

use crate::json::Text;
use crate::name;
use crate::request::Request;

/// The interface of a request; absent if a required key is.
pub(crate) fn interface(request: &Request<'_>) -> Option<Interface> {
    let (context, output) = (request.context.as_ref()?, request.output.as_ref()?);
    let below_context = |(name, place): &(Text<'_>, Text<'_>)| Input {
        name: name.as_str().to_owned(),
        path: Some(name::join(context.as_str(), &name::normal(place.as_str()))),
    };
    let context_input = Input {
        name: artifact(context.as_str()),
        path: None,
    };
    let image = Output {
        name: output.as_str().to_owned(),
        path: "image".to_owned(),
    };
    let own = |target: &Text<'_>| Output {
        name: target.as_str().to_owned(),
        path: target.as_str().to_owned(),
    };
    Some(Interface {
        inputs: std::iter::once(context_input)
            .chain(request.context_inputs.iter().map(below_context))
            .collect(),
        outputs: std::iter::once(image)
            .chain(request.additional_targets.iter().map(own))
            .collect(),
        caches: (request.flag("cache").iter())
            .map(|_| "cache".to_owned())
            .collect(),
    })
}

/// The name of the artifact that a context is: its path without noise, `.` if nothing is left.
fn artifact(context: &str) -> String {
    let name = name::normal(context);
    if name.is_empty() || context.starts_with('/') {
        return context.to_owned();
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn context_is_named_without_the_noise_of_its_path() {
        for (context, name) in [
            (".", "."),
            ("./app/", "app"),
            ("app/sub", "app/sub"),
            ("/app/", "/app/"),
        ] {
            assert_eq!(artifact(context), name);
        }
    }
}
