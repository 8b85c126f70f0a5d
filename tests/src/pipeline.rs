//! Pipelines that nobody wrote: tasks that build images, in steps of every kind, in YAML of every style; sound, or with one mistake.

use crate::random::Random;
use crate::styled_yaml::{Styler, Yaml};

/// A pipeline.
#[derive(Debug)]
pub struct GeneratedPipeline {
    /// Its text.
    pub text: String,
    /// The line of its mistake, and the code of the rule that it breaks.
    pub planted: Option<(usize, &'static str)>,
}

/// A mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planted {
    /// A parameter of another name.
    Name,
    /// A flag that is none.
    Flag,
    /// The name of a stage that none can have.
    Stage,
    /// A context in no input.
    Context,
    /// A step that is not privileged.
    Privilege,
    /// A `put` of what nobody gives.
    Artifact,
    /// A `put` of a layout where an archive is.
    File,
}

impl Planted {
    /// Each of them.
    pub const ALL: [Self; 7] = [
        Self::Name,
        Self::Flag,
        Self::Stage,
        Self::Context,
        Self::Privilege,
        Self::Artifact,
        Self::File,
    ];

    /// What is on its line alone, and the code.
    fn told(self) -> (&'static str, &'static str) {
        match self {
            Self::Name => ("CONTXT", "unknown-parameter"),
            Self::Flag => ("perhaps", "wrong-type"),
            Self::Stage => ("not a stage", "bad-target"),
            Self::Context => ("planted/app", "path-outside-inputs"),
            Self::Privilege => ("planted", "unprivileged-task"),
            Self::Artifact => ("planted/image.tar", "missing-artifact"),
            Self::File => ("given-0/image", "wrong-image-file"),
        }
    }
}

/// What makes a pipeline.
struct Maker {
    random: Random,
    /// What is written at the top for aliases.
    anchored: Vec<(String, Yaml)>,
    planted: Option<Planted>,
}

/// A pipeline of a seed.
#[must_use]
pub fn generate(seed: u64, planted: Option<Planted>) -> GeneratedPipeline {
    let mut maker = Maker {
        random: Random::new(seed),
        anchored: Vec::new(),
        planted,
    };
    let jobs = 1 + maker.below(3);
    let plans: Vec<Yaml> = (0..jobs).map(|job| maker.job(job)).collect();
    let mut pipeline = Yaml::Map(Vec::new());
    for (name, value) in std::mem::take(&mut maker.anchored) {
        pipeline.push(
            &format!("x-{name}"),
            Yaml::Anchored(name.clone(), Box::new(value)),
        );
    }
    pipeline.push("resources", maker.resources());
    pipeline.push("jobs", Yaml::List(plans));
    let mut text = String::from("---\n");
    Styler(&mut maker.random).write(&pipeline, 0, &mut text);
    let planted = planted.map(|planted| {
        let (part, code) = planted.told();
        let at = text.rfind(part).expect("it was planted");
        (text[..at].matches('\n').count() + 1, code)
    });
    GeneratedPipeline { text, planted }
}

impl Maker {
    fn below(&mut self, end: u64) -> u64 {
        self.random.number() % end
    }

    fn chance(&mut self, of: u64) -> bool {
        self.below(of) == 0
    }

    /// Whether the mistake stands here, in the first job.
    fn plants(&self, planted: Planted, job: u64) -> bool {
        job == 0 && self.planted == Some(planted)
    }

    fn resources(&mut self) -> Yaml {
        let resource = |name: &str, kind: &str| {
            Yaml::map([
                ("name", Yaml::text(name)),
                ("type", Yaml::text(kind)),
                (
                    "source",
                    Yaml::map([("repository", Yaml::text("registry.example/x"))]),
                ),
            ])
        };
        Yaml::List(vec![
            resource("app", "registry-image"),
            resource("source", "git"),
            resource("base", "registry-image"),
        ])
    }

    fn job(&mut self, job: u64) -> Yaml {
        let mut plan = vec![self.fetch("source"), self.fetch("base")];
        let task = self.task(job);
        plan.push(self.wrapped(task, 0));
        let file = if self.plants(Planted::Artifact, job) {
            "planted/image.tar".to_owned()
        } else if self.plants(Planted::File, job) {
            "given-0/image".to_owned()
        } else {
            format!("given-{job}/image.tar")
        };
        let put = Yaml::map([
            ("put", Yaml::text("app")),
            ("params", Yaml::map([("image", Yaml::text(&file))])),
        ]);
        plan.push(self.wrapped(put, 2));
        let mut map = Yaml::map([("name", Yaml::text(&format!("job-{job}")))]);
        if self.chance(3) {
            map.push("serial", Yaml::word("true"));
        }
        map.push("plan", Yaml::List(plan));
        if self.chance(3) {
            let last = self.fetch("source");
            map.push("ensure", self.wrapped(last, 1));
        }
        map
    }

    fn fetch(&mut self, name: &str) -> Yaml {
        let mut get = Yaml::map([("get", Yaml::text(name))]);
        if self.chance(2) {
            get.push("trigger", Yaml::word("true"));
        }
        if self.chance(4) {
            get.push("params", Yaml::map([("format", Yaml::text("oci"))]));
        }
        get
    }

    /// A step within others.
    fn wrapped(&mut self, step: Yaml, depth: u64) -> Yaml {
        if depth > 4 || self.chance(3) {
            return step;
        }
        let other = self.fetch("base");
        let outer = match self.below(6) {
            0 => Yaml::map([("do", Yaml::List(vec![other, step]))]),
            1 => Yaml::map([("try", step)]),
            2 => Yaml::map([("in_parallel", Yaml::List(vec![step, other]))]),
            3 => Yaml::map([(
                "in_parallel",
                Yaml::map([
                    ("limit", Yaml::word("2")),
                    ("steps", Yaml::List(vec![step])),
                    ("fail_fast", Yaml::word("true")),
                ]),
            )]),
            4 => {
                let values = Yaml::List(vec![Yaml::text("1.20"), Yaml::text("1.21")]);
                let var = Yaml::map([("var", Yaml::text("version")), ("values", values)]);
                Yaml::map([
                    ("across", Yaml::List(vec![var])),
                    ("do", Yaml::List(vec![step])),
                ])
            }
            _ => {
                let hooks = ["on_success", "on_failure", "on_error", "on_abort", "ensure"];
                let mut other = other;
                other.push(hooks[self.below(5) as usize], step);
                other
            }
        };
        self.wrapped(outer, depth + 1)
    }

    fn task(&mut self, job: u64) -> Yaml {
        let is_privileged = !self.plants(Planted::Privilege, job);
        let name = if is_privileged { "build" } else { "planted" };
        let mut step = Yaml::map([("task", Yaml::text(name))]);
        if is_privileged {
            step.push("privileged", Yaml::word("true"));
        }
        let (own, over) = self.params(job);
        let output = Yaml::map([("name", Yaml::text("image"))]);
        let mut output = Yaml::List(vec![output]);
        let given = Yaml::text(&format!("given-{job}"));
        if self.chance(2) {
            step.push("output_mapping", Yaml::map([("image", given)]));
        } else {
            output = Yaml::List(vec![Yaml::map([
                ("name", given),
                ("path", Yaml::text("image")),
            ])]);
        }
        let mut config = Yaml::map([
            ("platform", Yaml::text("linux")),
            ("image_resource", self.image()),
            ("outputs", output),
            ("run", Yaml::map([("path", Yaml::text("build"))])),
        ]);
        let input = |name| Yaml::map([("name", Yaml::text(name))]);
        config.push("inputs", Yaml::List(vec![input("source"), input("base")]));
        if self.chance(2) {
            config.push(
                "caches",
                Yaml::List(vec![Yaml::map([("path", Yaml::text("cache"))])]),
            );
        }
        let params = self.shared(own, "params");
        config.push("params", params);
        if !over.is_empty() {
            step.push("params", Yaml::Map(over));
        }
        let config = match self.below(3) {
            0 => self.shared(config, "config"),
            1 => {
                let shared = self.shared(config, "merged");
                match shared {
                    Yaml::Word(_) => Yaml::map([("<<", shared)]),
                    shared => shared,
                }
            }
            _ => config,
        };
        step.push("config", config);
        step
    }

    fn image(&mut self) -> Yaml {
        let source = Yaml::map([("repository", Yaml::text("concourse/oci-build-task"))]);
        let kind = Yaml::text("registry-image");
        let image = Yaml::map([("type", kind), ("source", source)]);
        self.shared(image, "image")
    }

    /// Parameters of a task, and of its step.
    fn params(&mut self, job: u64) -> (Yaml, Vec<(String, Yaml)>) {
        let context = match self.plants(Planted::Context, job) {
            true => "planted/app",
            false => ["source", "./source/app", "source/"][self.below(3) as usize],
        };
        let mut all = vec![("CONTEXT".to_owned(), Yaml::text(context))];
        let mut add = |name: &str, value: Yaml| all.push((name.to_owned(), value));
        let sound = [
            ("BUILD_ARG_VERSION", Yaml::text("1.10")),
            ("BUILD_ARG_NOTES", Yaml::text("one: two # three")),
            (
                "LABEL_org.opencontainers.image.title",
                Yaml::text("it's a \"title\""),
            ),
            ("IMAGE_ARG_base", Yaml::text("base/image.tar")),
            ("DEBUG", Yaml::word("true")),
            ("DOCKERFILE", Yaml::text("source/Dockerfile")),
            ("BUILDKIT_SECRETTEXT_token", Yaml::word("((token))")),
            ("OF_ANOTHER_PROGRAM", Yaml::text("x")),
        ];
        for (name, value) in sound {
            if self.random.number().is_multiple_of(2) {
                add(name, value);
            }
        }
        for (planted, name, value) in [
            (Planted::Name, "CONTXT", Yaml::text("source")),
            (Planted::Flag, "UNPACK_ROOTFS", Yaml::text("perhaps")),
            (Planted::Stage, "TARGET", Yaml::text("not a stage")),
        ] {
            if job == 0 && self.planted == Some(planted) {
                add(name, value);
            }
        }
        let (mut own, mut over) = (Vec::new(), Vec::new());
        for entry in all {
            let is_over = self.chance(4);
            if is_over { &mut over } else { &mut own }.push(entry);
        }
        (Yaml::Map(own), over)
    }

    /// A value, or an alias of it.
    fn shared(&mut self, value: Yaml, name: &str) -> Yaml {
        if !self.chance(3) {
            return value;
        }
        let name = format!("{name}{}", self.anchored.len());
        let alias = Yaml::Word(format!("*{name}"));
        self.anchored.push((name, value));
        alias
    }
}
