//! Proxies: which server is asked by way of another, as the environment says and as the daemon reads it too.
//!
//! Reads: `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`, in capitals or not. Writes: nothing. Unknown here: connections.
//! Source: Go's `golang.org/x/net/http/httpproxy`, which knows no `ALL_PROXY`, asks this machine directly, and in `NO_PROXY` knows
//! names with a port.

use std::env;
use std::sync::OnceLock;

use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};

use crate::registry::registries::is_loopback;

/// The proxies that the environment names.
#[derive(Debug, Default)]
pub(super) struct Proxies(OnceLock<Named>);

#[derive(Debug)]
struct Named {
    matcher: Matcher,
    /// Those of `NO_PROXY` that stand there with a port, without a leading dot.
    direct: Vec<String>,
}

/// A proxy.
#[derive(Debug)]
pub(super) struct Proxy(Intercept);

impl Proxies {
    /// The proxy by way of which a server is asked.
    pub(super) fn of(&self, uri: &Uri) -> Option<Proxy> {
        if uri.host().is_none_or(is_loopback) {
            return None;
        }
        let named = self.0.get_or_init(|| Named::by(|name| env::var(name).ok()));
        named.of(uri).map(Proxy)
    }

    /// One proxy for everything.
    #[cfg(test)]
    pub(super) fn by(proxy: &str) -> Self {
        let variable = |name: &str| name.starts_with("HTTP").then(|| proxy.to_owned());
        Self(OnceLock::from(Named::by(variable)))
    }
}

impl Proxy {
    pub(super) fn uri(&self) -> &Uri {
        self.0.uri()
    }

    /// Host and port, without the login that its URL may hold.
    pub(super) fn name(&self) -> String {
        let authority = self
            .uri()
            .authority()
            .map_or("", |authority| authority.as_str());
        let server = authority.rsplit('@').next().unwrap_or_default();
        server.to_owned()
    }

    /// What the proxy itself is shown.
    pub(super) fn login(&self) -> Option<HeaderValue> {
        self.0.basic_auth().cloned()
    }
}

impl Named {
    fn by(variable: impl Fn(&str) -> Option<String>) -> Self {
        let value = |name: &str| {
            let set = |name: &str| variable(name).filter(|value| !value.is_empty());
            set(name)
                .or_else(|| set(&name.to_ascii_lowercase()))
                .unwrap_or_default()
        };
        // A CGI program is given `HTTP_PROXY` by whoever asks it.
        let http = match variable("REQUEST_METHOD") {
            Some(_) => String::new(),
            None => value("HTTP_PROXY"),
        };
        let none = value("NO_PROXY");
        let direct = none
            .split(',')
            .map(|name| name.trim().trim_start_matches('.'));
        let direct = direct
            .filter(|name| name.contains(':'))
            .map(str::to_ascii_lowercase);
        Self {
            direct: direct.collect(),
            matcher: Matcher::builder()
                .http(http)
                .https(value("HTTPS_PROXY"))
                .no(none)
                .build(),
        }
    }

    fn of(&self, uri: &Uri) -> Option<Intercept> {
        let ordinary = if uri.scheme_str() == Some("http") {
            80
        } else {
            443
        };
        let port = uri.port_u16().unwrap_or(ordinary);
        let server = format!("{}:{port}", uri.host()?.to_ascii_lowercase());
        let is_direct = |name: &String| {
            let rest = server.strip_suffix(name.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        if self.direct.iter().any(is_direct) {
            return None;
        }
        self.matcher.intercept(uri)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(environment: &[(&str, &str)], uri: &'static str) -> Option<String> {
        let variable = |name: &str| {
            let found = environment.iter().find(|(other, _)| *other == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let proxies = Proxies(OnceLock::from(Named::by(variable)));
        let proxy = proxies.of(&Uri::from_static(uri))?;
        let login = proxy
            .login()
            .map(|login| login.to_str().unwrap().to_owned());
        Some(format!("{} {}", proxy.name(), login.unwrap_or_default()))
    }

    #[test]
    fn a_server_is_asked_by_way_of_the_proxy_that_the_environment_names() {
        let environment = [
            ("HTTP_PROXY", "http://u:p@plain.test:3128"),
            ("https_proxy", "secure.test:8080"),
            ("HTTPS_PROXY", ""),
            (
                "NO_PROXY",
                "direct.test,.inner.test,10.0.0.0/8, port.test:5000,secure.test:443",
            ),
            ("ALL_PROXY", "http://unheard.test"),
        ];
        let by = |uri| by(&environment, uri);

        assert_eq!(
            by("http://r.test/").as_deref(),
            Some("plain.test:3128 Basic dTpw")
        );
        assert_eq!(by("https://r.test/").as_deref(), Some("secure.test:8080 "));
        for direct in [
            "https://direct.test/",
            "https://a.inner.test/",
            "https://10.1.2.3/",
            "http://localhost:5000/",
            "http://127.0.0.1:5000/",
            "https://port.test:5000/",
            "https://a.PORT.test:5000/",
            "https://secure.test/",
        ] {
            assert_eq!(by(direct), None, "{direct}");
        }
        for not_direct in [
            "https://port.test/",
            "https://noport.test:5000/",
            "http://secure.test/",
        ] {
            assert!(by(not_direct).is_some(), "{not_direct}");
        }
    }

    #[test]
    fn without_variables_and_of_whoever_asks_a_cgi_program_there_is_none() {
        let asked = [("REQUEST_METHOD", "GET"), ("HTTP_PROXY", "evil.test")];

        assert_eq!(by(&[], "https://r.test/"), None);
        assert_eq!(by(&[("ALL_PROXY", "a.test")], "https://r.test/"), None);
        assert_eq!(by(&asked, "http://r.test/"), None);
    }
}
