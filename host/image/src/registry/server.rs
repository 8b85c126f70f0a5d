//! The server: listens on loopback, and answers each client in a task of its own.
//!
//! Reads and writes: connections. Unknown here: what is asked for.

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use oci_spec::image::Digest;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::ahead::Ahead;
use super::answer::{self, Served};
use super::check::Damage;
use super::error::RegistryError;
use super::name;
use crate::image::Image;

/// How many clients are served at once; the next one waits. The steps of a build can connect too, and are not to use
/// up the files that this process may open. BuildKit opens some dozen connections.
const CONNECTION_LIMIT: usize = 256;

/// How long a client may take to send a request's head, and may stay silent between two.
const HEAD_DEADLINE: Duration = Duration::from_secs(30);

/// How long to wait after a connection could not be accepted, mostly for lack of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A registry that serves until it is dropped.
#[derive(Debug)]
pub struct Registry {
    address: SocketAddr,
    /// Each image's reference, by the name it was given under.
    references: HashMap<String, String>,
    served: Arc<Served>,
    /// The task that accepts connections and owns theirs; dropping the set ends it.
    _accepting: JoinSet<()>,
}

impl Registry {
    /// Serves each image under a repository name made of its own name, with every tag.
    ///
    /// Names are any text: `IMAGE_ARG_Base` is served as `image_arg_base`. Two names that would be one repository get
    /// two.
    ///
    /// ```no_run
    /// use oci_image_image::Image;
    /// use oci_image_image::registry::Registry;
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let base = tokio::task::spawn_blocking(|| Image::open("base.tar".as_ref())).await??;
    /// let registry = Registry::serve(vec![("BASE".into(), base)]).await?;
    /// println!("FROM {}", registry.reference("BASE").ok_or("just given")?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`RegistryError`]: two images of one name, or no port.
    pub async fn serve(images: Vec<(String, Image)>) -> Result<Self, RegistryError> {
        Self::listen(images, None).await
    }

    /// The same, of images that may be damaged: a blob that is sent is compared with its digest meanwhile, and does not come to its end
    /// if it is another one. [`Registry::damaged`] tells which.
    ///
    /// # Errors
    /// As of [`Registry::serve`].
    pub async fn serve_checked(images: Vec<(String, Image)>) -> Result<Self, RegistryError> {
        Self::listen(images, Some(Damage::default())).await
    }

    async fn listen(
        images: Vec<(String, Image)>,
        damage: Option<Damage>,
    ) -> Result<Self, RegistryError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.map_err(|source| RegistryError::Listen { source })?;
        let address = listener
            .local_addr()
            .map_err(|source| RegistryError::Listen { source })?;
        let mut repositories = BTreeMap::new();
        let mut references = HashMap::new();
        let names = name::repositories(images.iter().map(|(name, _)| name.as_str()));
        for ((name, image), repository) in images.into_iter().zip(names) {
            let reference = format!("{address}/{repository}");
            if references.insert(name.clone(), reference).is_some() {
                return Err(RegistryError::DuplicateName { name });
            }
            repositories.insert(repository, Arc::new(image));
        }
        let mut accepting = JoinSet::new();
        let served = Arc::new(Served {
            repositories,
            ahead: Ahead::default(),
            damage,
        });
        accepting.spawn(accept(listener, Arc::clone(&served)));
        Ok(Self {
            address,
            references,
            served,
            _accepting: accepting,
        })
    }

    /// Where it listens: 127.0.0.1 and the port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The first blob that was asked for and is not the one of its digest, where that is looked at.
    pub fn damaged(&self) -> Option<Digest> {
        self.served.damage.as_ref()?.found()
    }

    /// From now on a client is given a manifest only after this was done with it, once, on a thread that may block.
    pub fn ahead_of_manifests(&self, deed: impl Fn(&Image, &Digest) + Send + Sync + 'static) {
        self.served.ahead.set(Arc::new(deed));
    }

    /// What it serves, in no order.
    pub fn images(&self) -> impl Iterator<Item = &Arc<Image>> {
        self.served.repositories.values()
    }

    /// What to write after `FROM` for the image given as `name`: `127.0.0.1:PORT/REPOSITORY`, to which a Dockerfile may add
    /// any tag, or the digest of what is served.
    ///
    /// The daemon asks for the digest first, once a solve, and knows the image in its cache by digest and platform: another
    /// port or tag in the next build is a hit.
    pub fn reference(&self, name: &str) -> Option<&str> {
        self.references.get(name).map(String::as_str)
    }
}

/// Accepts connections, and serves each in a task of its own.
async fn accept(listener: TcpListener, served: Arc<Served>) {
    let mut connections = JoinSet::new();
    loop {
        while connections.len() >= CONNECTION_LIMIT {
            connections.join_next().await;
        }
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(connections.spawn(serve(stream, Arc::clone(&served)))),
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Serves one connection to its end. Its failures are the client's to report: it is the one who misses something.
async fn serve(stream: TcpStream, served: Arc<Served>) {
    let service = service_fn(|request| {
        let served = Arc::clone(&served);
        async move { Ok::<_, Infallible>(answer::answer(&served, &request).await) }
    });
    let mut server = hyper::server::conn::http1::Builder::new();
    server
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_DEADLINE);
    let _ = server.serve_connection(TokioIo::new(stream), service).await;
}
