//! Relays (BuildKit calls them connection relays): the programs that reach a daemon where no network does. Each starts `buildctl dial-stdio` where the daemon is.
//!
//! Reads and writes: nothing. Unknown here: how they are started (`pipe`).
//! Source: BuildKit, `client/connrelay`.

use std::fmt;

/// A program, and what it is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Relay {
    scheme: &'static str,
    name: String,
    socket: Option<String>,
    parameters: Vec<(&'static str, String)>,
}

impl Relay {
    pub(super) fn new(scheme: &'static str, name: &str, socket: Option<&str>) -> Self {
        Self {
            scheme,
            name: name.to_owned(),
            socket: socket.map(str::to_owned),
            parameters: Vec::new(),
        }
    }

    /// The parameters that a scheme knows.
    pub(super) fn parameters(scheme: &str) -> &'static [&'static str] {
        match scheme {
            "docker-container" => &["context"],
            "nerdctl-container" => &["namespace"],
            "kube-pod" => &["context", "namespace", "container"],
            _ => &[],
        }
    }

    /// How an address of a scheme is written.
    pub(super) fn example(scheme: &str) -> &'static str {
        match scheme {
            "docker-container" => "docker-container://NAME",
            "podman-container" => "podman-container://NAME",
            "nerdctl-container" => "nerdctl-container://NAME?namespace=NAMESPACE",
            "kube-pod" => "kube-pod://POD?context=CONTEXT&namespace=NAMESPACE&container=CONTAINER",
            _ => "ssh://USER@HOST:PORT",
        }
    }

    /// Sets a parameter, which the scheme may not know.
    pub(super) fn set(&mut self, parameter: &str, value: &str) -> bool {
        let known = Self::parameters(self.scheme).iter();
        let Some(parameter) = known.copied().find(|known| *known == parameter) else {
            return false;
        };
        self.parameters.push((parameter, value.to_owned()));
        true
    }

    /// The program, and its arguments.
    #[must_use]
    pub fn command(&self) -> (&'static str, Vec<String>) {
        let flag = |parameter: &str| {
            let set = self.parameters.iter();
            let set = set.filter(|(set, _)| *set == parameter);
            set.map(|(parameter, value)| format!("--{parameter}={value}"))
                .next_back()
        };
        let program = match self.scheme {
            "docker-container" => "docker",
            "podman-container" => "podman",
            "nerdctl-container" => "nerdctl",
            "kube-pod" => "kubectl",
            _ => "ssh",
        };
        let where_it_is = flag("context").into_iter().chain(flag("namespace"));
        let name = self.name.as_str();
        let arguments = match program {
            "ssh" => self.of_ssh(),
            "kubectl" => where_it_is
                .chain(words(&["exec", "-i"]))
                .chain(flag("container"))
                .chain(words(&[name, "--", "buildctl", "dial-stdio"]))
                .collect(),
            _ => where_it_is
                .chain(words(&["exec", "-i", name, "buildctl", "dial-stdio"]))
                .collect(),
        };
        (program, arguments)
    }

    fn of_ssh(&self) -> Vec<String> {
        let (user, rest) = match self.name.rsplit_once('@') {
            Some((user, rest)) => (Some(user), rest),
            None => (None, self.name.as_str()),
        };
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !rest.ends_with(']') => (host, Some(port)),
            _ => (rest, None),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let socket = self.socket.iter();
        // Nobody is there to answer a question.
        words(&["-o", "BatchMode=yes"])
            .into_iter()
            .chain(user.iter().flat_map(|user| words(&["-l", user])))
            .chain(port.iter().flat_map(|port| words(&["-p", port])))
            .chain(words(&["--", host, "buildctl"]))
            .chain(socket.map(|socket| format!("--addr=unix://{socket}")))
            .chain(["dial-stdio".to_owned()])
            .collect()
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

impl fmt::Display for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.name)?;
        f.write_str(self.socket.as_deref().unwrap_or_default())?;
        for (index, (parameter, value)) in self.parameters.iter().enumerate() {
            let before = if index == 0 { '?' } else { '&' };
            write!(f, "{before}{parameter}={value}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::endpoint::Address;

    fn command(address: &str) -> String {
        let Ok(Address::Relay(relay)) = address.parse() else {
            panic!("{address}");
        };
        let (program, arguments) = relay.command();
        format!("{program} {}", arguments.join(" "))
    }

    #[test]
    fn each_is_started_as_its_program_wants_it() {
        for (address, expected) in [
            (
                "docker-container://b?context=far",
                "docker --context=far exec -i b buildctl dial-stdio",
            ),
            (
                "podman-container://b",
                "podman exec -i b buildctl dial-stdio",
            ),
            (
                "nerdctl-container://b?namespace=k8s.io",
                "nerdctl --namespace=k8s.io exec -i b buildctl dial-stdio",
            ),
            (
                "kube-pod://b-0?context=far&namespace=ci&container=d",
                "kubectl --context=far --namespace=ci exec -i --container=d b-0 -- buildctl dial-stdio",
            ),
            ("ssh://b", "ssh -o BatchMode=yes -- b buildctl dial-stdio"),
            (
                "ssh://me@[::1]:22/run/b.sock",
                "ssh -o BatchMode=yes -l me -p 22 -- ::1 buildctl --addr=unix:///run/b.sock dial-stdio",
            ),
        ] {
            assert_eq!(command(address), expected);
        }
    }
}
