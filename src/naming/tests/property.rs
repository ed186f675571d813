//! What holds for every path and every key.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::sample::select;

use super::super::*;
use super::{all, raws, split};

/// A value as the namings see it.
#[derive(Clone, Debug)]
enum Node {
    Struct(Vec<(String, Node)>),
    Map(Vec<(String, Node)>),
    List(Vec<Node>),
    Tensor,
    Leaf,
}

impl Node {
    fn content(&self) -> Content<'static> {
        let holds_tensor =
            |children: &[(String, Node)]| children.iter().any(|(_, child)| matches!(child, Node::Tensor | Node::Leaf));
        match self {
            Node::Struct(children) => {
                Content::Module { class: Some("Net"), holds_tensor: holds_tensor(children), map: false }
            }
            Node::Map(children) => Content::Module { class: None, holds_tensor: holds_tensor(children), map: true },
            Node::List(_) => Content::List { class: None, form: None },
            Node::Tensor => Content::Tensor,
            Node::Leaf => Content::Leaf,
        }
    }
}

/// Names: plain ones, those that mean something somewhere, and any text.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-c_é😀]{1,3}",
        1 => select(vec!["params", "state", "~", "~/a", "/a", "a.b", "0", "", "a::T", "it's"])
            .prop_map(str::to_owned),
        2 => "[ab~./:()\\[\\]'\"\\\\,_0é\u{1}]{0,4}",
        1 => any::<String>(),
    ]
}

fn node() -> impl Strategy<Value = Node> {
    let end = prop_oneof![3 => Just(Node::Tensor), 1 => Just(Node::Leaf)];
    end.prop_recursive(5, 40, 4, |inner| {
        let children = || proptest::collection::btree_map(name(), inner.clone(), 1..4);
        prop_oneof![
            2 => children().prop_map(|map| Node::Struct(map.into_iter().collect())),
            1 => children().prop_map(|map| Node::Map(map.into_iter().collect())),
            1 => proptest::collection::vec(inner.clone(), 1..4).prop_map(Node::List),
        ]
    })
}

/// One step as it should be read back.
#[derive(Clone, Debug)]
enum Step {
    Name(String),
    Key(String),
    Index(usize),
}

/// The keys of all leaves that are not refused, with their paths.
fn keys(naming: &Naming, root: &Node) -> Vec<(Vec<Step>, String, bool)> {
    let mut found = Vec::new();
    let mut key = String::new();
    if let Ok(level) = naming.root(&mut key, &root.content()) {
        walk(naming, root, &level, &mut key, &mut Vec::new(), &mut found);
    }
    found
}

fn walk(
    naming: &Naming,
    node: &Node,
    level: &Level,
    key: &mut String,
    path: &mut Vec<Step>,
    found: &mut Vec<(Vec<Step>, String, bool)>,
) {
    let mut visit = |segment: Segment<'_>, step: Step, child: &Node| {
        let len = key.len();
        if let Ok(level) = naming.push(key, level, &segment, &child.content()) {
            path.push(step);
            walk(naming, child, &level, key, path, found);
            path.pop();
        }
        key.truncate(len);
    };
    match node {
        Node::Struct(children) => {
            for (name, child) in children {
                visit(Segment::Field(name), Step::Name(name.clone()), child);
            }
        }
        Node::Map(children) => {
            for (name, child) in children {
                visit(Segment::Key(name), Step::Key(name.clone()), child);
            }
        }
        Node::List(items) => {
            for (index, child) in items.iter().enumerate() {
                visit(Segment::Index(index), Step::Index(index), child);
            }
        }
        Node::Tensor => found.push((path.clone(), key.clone(), true)),
        Node::Leaf => found.push((path.clone(), key.clone(), false)),
    }
}

/// The names of the tokens of a path, or None where the grammar lets a name be several of them.
fn expected(naming: &Naming, path: &[Step]) -> Option<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    for (position, step) in path.iter().enumerate() {
        match step {
            Step::Name(text) | Step::Key(text) if matches!(naming.scheme, Scheme::Haiku(_)) => {
                let is_parameter = position + 1 == path.len();
                let is_path = text.contains(['/', '.']) || text.starts_with('~');
                if is_path && (!is_parameter || matches!(step, Step::Name(_))) {
                    return None;
                }
                names.push(text.clone());
            }
            Step::Name(text) => match &naming.scheme {
                Scheme::Flax(flax) => {
                    names.extend(text.split(&flax.separator).map(str::to_owned));
                }
                Scheme::Objax(_) => names.push(text.split("::").next()?.to_owned()),
                _ => names.push(text.clone()),
            },
            Step::Key(text) => {
                let as_on_disk = path.len() == 1 && matches!(naming.scheme, Scheme::Objax(_) | Scheme::Keystr(_));
                if as_on_disk {
                    return None;
                }
                names.push(text.clone());
            }
            Step::Index(index) => {
                let appends = match &naming.scheme {
                    Scheme::Flax(flax) if flax.suffix_lists => flax.separator != "_",
                    Scheme::Haiku(_) => true,
                    _ => false,
                };
                let is_list = matches!(path.get(position + 1), Some(Step::Index(_)));
                let starts_at_zero = is_list || matches!(naming.scheme, Scheme::Flax(_));
                match names.last_mut() {
                    Some(name) if appends && (*index > 0 || starts_at_zero) => {
                        name.push_str(&format!("_{index}"));
                    }
                    // A list at the root of haiku has no name: its inner lists do.
                    Some(_) if appends => {}
                    _ => names.push(index.to_string()),
                }
            }
        }
    }
    if path.is_empty() {
        names.push(String::new());
    }
    Some(names)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_is_written_comes_back(root in node()) {
        for naming in all() {
            for (path, key, is_tensor) in keys(&naming, &root) {
                let tokens = split(&naming, &key);
                let as_on_disk = matches!(path.as_slice(), [Step::Key(_)])
                    && matches!(naming.scheme, Scheme::Objax(_) | Scheme::Keystr(_));
                if is_tensor && !as_on_disk {
                    prop_assert_eq!(naming.accepts(&key), Ok(()), "{} {:?}", naming, key);
                }
                if let Some(expected) = expected(&naming, &path) {
                    let names: Vec<&str> = tokens.iter().map(|(_, token)| &*token.name).collect();
                    prop_assert_eq!(names, expected, "{} {:?} {:?}", naming, key, path);
                }
            }
        }
    }

    #[test]
    fn scopes_come_back(
        modules in proptest::collection::vec(("[a-c]{1,2}", select(vec!["", "/", "~/", "~m/", "~a/~/"])), 1..5),
        separator in select(haiku::SEPARATORS.to_vec()),
    ) {
        let naming = Naming::haiku().separator(separator);
        let module = Node::Struct(vec![]).content();
        let mut key = String::new();
        let mut level = naming.root(&mut key, &module).unwrap();
        let fields: Vec<String> = modules.iter().map(|(name, scope)| format!("{scope}{name}")).collect();
        for field in &fields {
            level = naming.push(&mut key, &level, &Segment::Field(field), &module).unwrap();
        }
        naming.push(&mut key, &level, &Segment::Field("w"), &Content::Tensor).unwrap();
        let tokens = split(&naming, &key);
        prop_assert_eq!(tokens.len(), fields.len() + 1);
        for (field, (_, token)) in fields.iter().zip(&tokens) {
            prop_assert!(naming.selects(field, token), "{} {:?} {:?}", key, field, token);
        }
    }

    #[test]
    fn a_tree_of_maps_fits_in_flax(root in node()) {
        for naming in all().into_iter().filter(|naming| matches!(naming.scheme, Scheme::Flax(_))) {
            let is_plain = |steps: &[Step]| steps.iter().all(|step| matches!(step, Step::Key(_)));
            let found = keys(&naming, &root);
            let mut keys: Vec<&str> = found
                .iter()
                .filter(|(path, ..)| is_plain(path))
                .map(|(_, key, _)| key.as_str())
                .collect();
            keys.sort_unstable();
            prop_assert_eq!(naming.fits(&keys), Ok(()));
        }
    }

    #[test]
    fn any_text_is_a_partition_of_tokens(
        key in prop_oneof!["[ab~./:()\\[\\]'\"\\\\,_0é]{0,24}", any::<String>()],
    ) {
        for naming in all() {
            let raws: String = raws(&naming, &key).concat();
            prop_assert_eq!(raws, &key[naming.root_end(&key)..]);
            for at in (0..=key.len()).filter(|at| key.is_char_boundary(*at)) {
                let token = naming.token(&key, at);
                prop_assert!(token.end > at || token.leaf && token.end == key.len());
                prop_assert!(key.is_char_boundary(token.end));
            }
            let _ = naming.accepts(&key);
        }
    }

    #[test]
    fn keys_below_a_token_are_neighbours(
        mut keys in proptest::collection::vec("[a~./:(\\[\\]')0-]{0,7}", 0..40),
    ) {
        keys.sort();
        keys.dedup();
        for naming in all() {
            let mut sorted: Vec<&str> = keys.iter().map(String::as_str).collect();
            sorted.sort_by(|a, b| naming.compare(a, b));
            for pair in sorted.windows(2) {
                prop_assert!(naming.compare(pair[0], pair[1]).is_lt());
            }
            let split: Vec<Vec<&str>> = sorted
                .iter()
                .map(|key| {
                    let root = Some(&key[..naming.root_end(key)]).filter(|root| !root.is_empty());
                    root.into_iter().chain(raws(&naming, key)).collect()
                })
                .collect();
            for tokens in &split {
                for len in 1..=tokens.len() {
                    let prefix = &tokens[..len];
                    let first = split.iter().position(|other| other.starts_with(prefix));
                    let last = split.iter().rposition(|other| other.starts_with(prefix));
                    let (Some(first), Some(last)) = (first, last) else { continue };
                    prop_assert!(split[first..=last].iter().all(|other| other.starts_with(prefix)));
                }
            }
        }
    }

    #[test]
    fn a_detected_naming_fits(
        keys in proptest::collection::vec("[ab~./:(\\[\\])0-]{0,6}", 0..5),
    ) {
        let naming = Naming::detect(keys.iter().map(String::as_str));
        let mut sorted: Vec<&str> = keys.iter().map(String::as_str).collect();
        sorted.sort_by(|a, b| naming.compare(a, b));
        sorted.dedup();
        prop_assert_eq!(naming.fits(&sorted), Ok(()));
    }

    #[test]
    fn the_conflicts_of_flax_are_all_found(
        mut keys in proptest::collection::vec("[ab:.]{0,5}", 0..8),
        separator in select(vec![".", "::", ":::", "aba"]),
    ) {
        keys.sort();
        keys.dedup();
        let naming = Naming::flax().separator(separator);
        let sorted: Vec<&str> = keys.iter().map(String::as_str).collect();
        let lies_below = |key: &str, above: &str| {
            let key: Vec<&str> = key.split(separator).collect();
            let above: Vec<&str> = above.split(separator).collect();
            key.len() > above.len() && key.starts_with(&above)
        };
        let conflict = sorted.iter().any(|key| sorted.iter().any(|above| lies_below(key, above)));
        prop_assert_eq!(naming.fits(&sorted).is_err(), conflict);
    }
}

#[test]
fn deep_keys_take_linear_time() {
    let count = 100_001;
    for unit in [".", "/", ":", "a.", "a/", "~/", "~.", "(", "(a)", "[", "[0]", "['", "['a']", "[\"a\\"] {
        for end in ["", ".w", "//w:w", "'])::T"] {
            let key = unit.repeat(count / unit.len()) + end;
            for naming in [
                Naming::flax(),
                Naming::flax().separator(":::"),
                Naming::haiku(),
                Naming::haiku().separator("//"),
                Naming::haiku().separator(":"),
                Naming::haiku().separator("/"),
                Naming::objax().kinds(false),
                Naming::keystr(),
            ] {
                let started = Instant::now();
                let _ = (split(&naming, &key), naming.accepts(&key));
                let _ = naming.compare(&key, &(key.clone() + "a"));
                // Hundredths of a second; 10¹⁰ steps are more than this even when optimised.
                let elapsed = started.elapsed();
                assert!(elapsed < Duration::from_secs(5), "{naming} {unit:?} {end:?}: {elapsed:?}");
            }
        }
    }
}

#[test]
fn a_path_of_many_levels_is_written_in_linear_time() {
    for naming in [Naming::flax(), Naming::haiku(), Naming::objax(), Naming::keystr()] {
        let module = Node::Struct(vec![]).content();
        let mut key = String::new();
        let mut level = naming.root(&mut key, &module).unwrap();
        for _ in 0..100_000 {
            level = naming.push(&mut key, &level, &Segment::Field("a"), &module).unwrap();
        }
        naming.push(&mut key, &level, &Segment::Field("w"), &Content::Tensor).unwrap();
        assert_eq!(split(&naming, &key).len(), 100_001);
    }
}
