//! What the suites that cross rooms share.
//!
//! - [`allowed`]: the list of all keys, as one word.
//! - [`attacks`]: how often each attack is tried.
//! - [`engine`]: where buildkitd and its companions are, and the program under test.
//! - [`daemon`]: a daemon without the program: started by hand, with a root and a socket of its own.
//! - [`builder`]: a daemon that somebody else runs, on a port.
//! - [`network`]: a network in which builders have addresses of their own, and what may become of the way to one.
//! - [`far_link`]: a link on which packets take their time, or are lost.
//! - [`workplace`]: a working directory of a build, and a run of the program in it.
//! - [`terminal`]: a terminal on which nobody types.
//! - [`screen`]: what one shows in the end, cell by cell.
//! - [`traces`]: what a build leaves on the machine.
//! - [`certificates`]: what a registry behind TLS shows.
//! - [`front`]: registries as others run them: plain, behind TLS, behind a login. [`warehouse`]: one that takes what is pushed.
//! - [`tls_door`]: TLS before what speaks without it.
//! - [`secrecy`]: whether a secret shows anywhere.
//! - [`rival`]: the engine without us.
//! - [`archive`]: an independent reading of `image.tar`.
//! - [`base`]: base images made by hand, and put wrong. [`toolbox`]: those made of what is installed here.
//! - [`loopback`]: a port on which a test serves something.
//! - [`stores`]: where layer caches are kept in a cloud; [`actions`]: and by a run of Actions.
//! - [`shelf`]: files by HTTP, as registries of packages give them.
//! - [`blobs`]: layouts made by hand, whose indexes lead anywhere.
//! - [`form`]: the forms in which programs write an image.
//! - [`layout`]: an independent check of an OCI layout. [`go_reader`]: that of go-containerregistry, of archives too.
//! - [`disk`]: small disks, to be filled.
//! - [`memory`]: the most memory that a process has held.
//! - [`random`]: numbers from a seed.
//! - [`pipeline`]: pipelines that nobody wrote. [`styled_yaml`]: YAML in every style.
//! - [`tree`]: what stands below a directory.
//! - [`product`]: the product's image as a root filesystem.
//! - [`concourse`]: a task of Concourse, as a container of that image.

pub mod actions;
pub mod allowed;
pub mod archive;
pub mod attacks;
pub mod base;
pub mod blobs;
pub mod builder;
pub mod certificates;
pub mod concourse;
pub mod daemon;
pub mod disk;
pub mod engine;
pub mod far_link;
pub mod form;
pub mod front;
pub mod go_reader;
pub mod layout;
pub mod loopback;
pub mod memory;
pub mod network;
pub mod pipeline;
pub mod product;
pub mod random;
pub mod rival;
pub mod screen;
pub mod secrecy;
pub mod shelf;
pub mod stores;
pub mod styled_yaml;
pub mod terminal;
pub mod tls_door;
pub mod toolbox;
pub mod traces;
pub mod tree;
pub mod warehouse;
pub mod workplace;
