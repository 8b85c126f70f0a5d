//! Lies about attributes, and about what stands in the files that the object names.

use super::*;

#[test]
fn attribute_that_was_not_asked_for_is_refused() {
    let base = |name: &str| AttributeValue::BaseImage(name.to_owned());
    for lie in [
        text("context", "https://evil.example/context.git"),
        text("context:app", "docker-image://evil"),
        text("source", "evil/frontend"),
        text("cmdline", "evil/frontend"),
        text("filename", "../Dockerfile"),
        text("filename", "Otherfile"),
        text("target", "evil"),
        text("build-arg:VERSION", "2"),
        text("build-arg:BUILDKIT_SYNTAX", "evil/frontend"),
        text("label:title", "evil"),
        text("label:other", "app"),
        text("add-hosts", "db=10.0.0.8"),
        text("add-hosts", "db=10.0.0.7,registry.example=10.0.0.7"),
        text("platform", "linux/amd64"),
        text("build-arg:HTTP_PROXY", "http://evil.example"),
        text("build-arg:BUILDKIT_MULTI_PLATFORM", "1"),
        attribute("build-arg:VERSION", base("BASE")),
        attribute("build-arg:OTHER", base("OTHER")),
        attribute("filename", base("BASE")),
        text("force-network-mode", "host"),
    ] {
        let key = lie.key.clone();
        assert_eq!(
            refused(|plan| {
                attributes(plan).retain(|attribute| attribute.key != key);
                attributes(plan).insert(0, lie);
            }),
            format!("the planner lies: the object asks for no frontend attribute `{key}`")
        );
    }
    assert_eq!(
        refused(|plan| attributes(plan).push(text("platform", "linux/amd64"))),
        "the planner lies: the plan has two of the frontend attribute `platform`"
    );
}

/// An object that names files, and the attributes of its final solve.
fn of_files(arguments: &str) -> (Object, BuildPlan) {
    let mut object = object();
    object.build_args_file = Some(arguments.to_owned());
    object.labels_file = Some("labels".to_owned());
    object.target_file = Some("stage".to_owned());
    let mut plan = truth();
    for solve in &mut plan.solves {
        for attribute in &mut solve.attributes {
            let value = match attribute.key.as_str() {
                "build-arg:VERSION" if arguments == "args" => "2",
                "build-arg:VERSION" => "1.10",
                "label:title" => "file",
                "target" if solve.name == "image" => "of-the-file",
                _ => continue,
            };
            attribute.value = AttributeValue::Text(value.to_owned());
        }
        if arguments == "args" {
            solve.attributes.insert(2, text("build-arg:OTHER", " 3 "));
        }
    }
    (object, plan)
}

#[test]
fn values_of_a_file_are_those_that_stand_in_it() {
    for arguments in ["args", "args.yml"] {
        let (object, plan) = of_files(arguments);

        checked(&plan, &object).unwrap();

        for lie in [
            text("build-arg:VERSION", "1"),
            text("build-arg:VERSION", "3"),
            text("build-arg:OTHER", "3"),
            text("build-arg:MORE", "2"),
            text("build-arg:BUILDKIT_SYNTAX", "evil/frontend"),
            text("label:title", "app"),
            text("label:VERSION", "2"),
            text("target", "app"),
            text("target", "\n of-the-file\n"),
        ] {
            let mut plan = plan.clone();
            attributes(&mut plan).retain(|attribute| attribute.key != lie.key);
            attributes(&mut plan).push(lie.clone());
            let error = checked(&plan, &object).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!(
                    "the planner lies: the object asks for no frontend attribute `{}`",
                    lie.key
                )
            );
        }
    }
}

#[test]
fn file_that_was_not_read_plans_nothing() {
    let (object, plan) = of_files("args");
    let mut unread = Answers::default();
    for directory in ["image", "test", "lint", "cache"] {
        let _ = unread.entry(directory.to_owned(), |_| Ok(Entry::Directory));
    }
    let _ = unread.entry("cache/index.json".to_owned(), |_| Ok(Entry::File));

    let error = check(&plan, &object, &unread).unwrap_err();

    assert_eq!(
        error.to_string(),
        "the planner lies: nothing can be planned from the file `args`"
    );
}
