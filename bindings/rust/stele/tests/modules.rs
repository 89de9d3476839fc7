//! The modules stand on each other in one direction: no circle, among those of the
//! crate and among those of `remote`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// What each module names of the others.
type Arrows = BTreeMap<String, BTreeSet<String>>;

/// The words behind `root::`, in the code of a file without comments and unit tests.
fn names(file: &Path, root: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(file).unwrap();
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let code: String = code.lines().map(|line| line.split("//").next().unwrap()).collect();
    let word = |text: &str| {
        let letters = text.trim_start().chars();
        letters.take_while(|letter| *letter == '_' || letter.is_alphanumeric()).collect::<String>()
    };
    let mut names = BTreeSet::new();
    for rest in code.split(root).skip(1) {
        match rest.strip_prefix('{').and_then(|list| list.split('}').next()) {
            Some(list) => names.extend(list.split(',').map(word)),
            None => names.extend([word(rest)]),
        }
    }
    names
}

/// The arrows among the modules of a folder, which call each other `root::module`;
/// a folder in it is one module.
fn arrows(folder: &Path, root: &str) -> Arrows {
    let mut arrows = Arrows::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let module = path.file_stem().unwrap().to_str().unwrap().to_string();
        let mut others = BTreeSet::new();
        if path.is_dir() {
            let files = fs::read_dir(&path).unwrap().map(|file| file.unwrap().path());
            files.for_each(|file| others.extend(names(&file, root)));
        } else if !matches!(&*module, "lib" | "mod" | "tests" | "mock") {
            others = names(&path, root);
        }
        others.remove(&module);
        arrows.entry(module).or_default().extend(others);
    }
    let modules: BTreeSet<_> = arrows.keys().cloned().collect();
    arrows.values_mut().for_each(|others| others.retain(|name| modules.contains(name)));
    arrows
}

/// What is left when modules without an arrow to others are taken away, again and
/// again: circles and what stands on them.
fn circles(mut arrows: Arrows) -> Arrows {
    while let Some(module) =
        arrows.iter().find(|(_, others)| others.is_empty()).map(|(module, _)| module.clone())
    {
        arrows.remove(&module);
        arrows.values_mut().for_each(|others| others.retain(|name| *name != module));
    }
    arrows
}

#[test]
fn no_module_stands_on_itself() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for (folder, root) in [(sources.clone(), "crate::"), (sources.join("remote"), "super::")] {
        let arrows = arrows(&folder, root);
        assert!(arrows.values().any(|others| others.len() > 2), "{arrows:?}");
        assert_eq!(circles(arrows), Arrows::new());
    }
}
