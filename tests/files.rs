//! Files: a save replaces the old file in one step or leaves it alone, and a load reads what it needs.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::thread;

use ndarray::{Array1, Array2, ArrayD};
use safejax::{Checkpoint, Error, ErrorKind, Options};
use serde::{Deserialize, Serialize, Serializer, ser};
use tempfile::TempDir;

type Map = BTreeMap<String, Array1<f32>>;

/// A value that is one thing in the first walk and another in the second.
struct Changing<A, B> {
    walks: Cell<usize>,
    first: A,
    second: B,
}

impl<A, B> Changing<A, B> {
    fn new(first: A, second: B) -> Self {
        Self { walks: Cell::new(0), first, second }
    }
}

impl<A: Serialize, B: Serialize> Serialize for Changing<A, B> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let walk = self.walks.replace(self.walks.get() + 1);
        if walk == 0 { self.first.serialize(serializer) } else { self.second.serialize(serializer) }
    }
}

/// What cannot be serialised.
struct Fails;

impl Serialize for Fails {
    fn serialize<S: Serializer>(&self, _serializer: S) -> Result<S::Ok, S::Error> {
        Err(ser::Error::custom("the battery is empty"))
    }
}

/// A function that is called in each walk.
struct Calls<F: Fn(usize)>(Cell<usize>, F);

impl<F: Fn(usize)> Serialize for Calls<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.1)(self.0.replace(self.0.get() + 1));
        vector(1.0).serialize(serializer)
    }
}

/// Enough to be written at once, before what comes after it.
#[derive(Serialize)]
struct LargeThen<T> {
    large: Array1<f32>,
    then: T,
}

fn large_then<T>(then: T) -> LargeThen<T> {
    LargeThen { large: Array1::zeros(100_000), then }
}

fn vector(value: f32) -> Array1<f32> {
    Array1::from_elem(3, value)
}

fn map(value: f32) -> Map {
    Map::from([("w".to_owned(), vector(value))])
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// The names in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A save over an old file fails, and the old file is as it was, alone.
fn assert_old_file_stays<T: Serialize>(value: &T) -> Error {
    let folder = folder();
    let path = folder.path().join("model.safetensors");
    safejax::to_file(&path, &map(1.0)).unwrap();
    let error = safejax::to_file(&path, value).unwrap_err();
    assert_eq!(safejax::from_file::<Map>(&path).unwrap(), map(1.0));
    assert_eq!(names(folder.path()), ["model.safetensors"]);
    assert_eq!(error.file(), Some(&*path), "{error}");
    error
}

mod atomic {
    use super::*;

    #[test]
    fn a_save_replaces_the_whole_file() {
        let folder = folder();
        let path = folder.path().join("model.safetensors");
        safejax::to_file(&path, &large_then(vector(1.0))).unwrap();
        safejax::to_file(&path, &map(2.0)).unwrap();
        assert_eq!(fs::read(&path).unwrap(), safejax::to_bytes(&map(2.0)).unwrap());
        assert_eq!(names(folder.path()), ["model.safetensors"]);
    }

    #[test]
    fn a_save_that_fails_in_the_first_walk_leaves_the_old_file_and_nothing_else() {
        let error = assert_old_file_stays(&large_then(Fails));
        assert!(error.to_string().contains("the battery is empty"), "{error}");
    }

    #[test]
    fn a_save_that_fails_while_it_writes_leaves_the_old_file_and_nothing_else() {
        let error = assert_old_file_stays(&large_then(Changing::new(vector(2.0), Fails)));
        assert!(error.to_string().contains("the battery is empty"), "{error}");
    }

    #[test]
    fn a_save_that_fails_where_there_was_no_file_leaves_nothing() {
        let folder = folder();
        let path = folder.path().join("model.safetensors");
        safejax::to_file(&path, &large_then(Changing::new(vector(2.0), Fails))).unwrap_err();
        assert_eq!(names(folder.path()), [""; 0]);
    }

    #[test]
    fn the_old_file_is_whole_while_the_new_one_is_written() {
        let folder = folder();
        let path = folder.path().join("model.safetensors");
        safejax::to_file(&path, &map(1.0)).unwrap();
        let seen = Cell::new(0);
        let look = |_walk| {
            assert_eq!(safejax::from_file::<Map>(&path).unwrap(), map(1.0));
            seen.set(seen.get() + 1);
        };
        safejax::to_file(&path, &large_then(Calls(Cell::new(0), look))).unwrap();
        assert_eq!(seen.get(), 2);
        assert_eq!(Checkpoint::open(&path).unwrap().len(), 2);
    }

    #[test]
    fn saves_at_the_same_time_leave_one_whole_file() {
        const THREADS: usize = 6;
        let folder = folder();
        let path = folder.path().join("model.safetensors");
        let value = |thread: usize| large_then(vector(thread as f32));
        let written: Vec<Vec<u8>> = (0..THREADS).map(|thread| safejax::to_bytes(&value(thread)).unwrap()).collect();
        thread::scope(|scope| {
            for thread in 0..THREADS {
                let path = &path;
                scope.spawn(move || (0..5).for_each(|_| safejax::to_file(path, &value(thread)).unwrap()));
            }
        });
        let found = fs::read(&path).unwrap();
        assert!(written.contains(&found));
        assert_eq!(names(folder.path()), ["model.safetensors"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_reader_of_the_old_file_keeps_it() {
        use std::io::Read;
        use std::os::unix::fs::MetadataExt;
        let folder = folder();
        let path = folder.path().join("model.safetensors");
        safejax::to_file(&path, &map(1.0)).unwrap();
        let old_bytes = fs::read(&path).unwrap();
        let inode = fs::metadata(&path).unwrap().ino();
        let (mut file, checkpoint) = (File::open(&path).unwrap(), Checkpoint::open(&path).unwrap());

        safejax::to_file(&path, &map(2.0)).unwrap();

        assert_ne!(fs::metadata(&path).unwrap().ino(), inode, "the old file was written to");
        let mut read = Vec::new();
        file.read_to_end(&mut read).unwrap();
        assert_eq!(read, old_bytes);
        assert_eq!(checkpoint.get::<Map>().unwrap(), map(1.0));
        assert_eq!(safejax::from_file::<Map>(&path).unwrap(), map(2.0));
    }

    #[cfg(unix)]
    #[test]
    fn a_process_that_dies_while_it_writes_leaves_the_old_file() {
        let folder = folder();
        let path = folder.path().join("model.safetensors");
        safejax::to_file(&path, &map(1.0)).unwrap();
        let status = child::run("child::dies_while_it_writes", folder.path(), "exec");
        assert!(!status.success());
        assert_eq!(safejax::from_file::<Map>(&path).unwrap(), map(1.0));
    }
}

/// Tests that another test runs in a process of its own.
#[cfg(unix)]
mod child {
    use std::process::{Command, ExitStatus, Stdio};

    use super::*;

    const VARIABLE: &str = "SAFEJAX_TEST_CHILD";

    /// Runs one test in `folder`, by way of a shell that does `before` first.
    pub(super) fn run(test: &str, folder: &Path, before: &str) -> ExitStatus {
        Command::new("sh")
            .args(["-c", &format!("{before} \"$0\" \"$@\"")])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", test])
            .current_dir(folder)
            .env(VARIABLE, "1")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap()
    }

    fn is_child() -> bool {
        std::env::var_os(VARIABLE).is_some()
    }

    #[test]
    fn saves_here() {
        if is_child() {
            safejax::to_file("model.safetensors", &map(2.0)).unwrap();
        }
    }

    #[test]
    fn dies_while_it_writes() {
        let die = |walk| {
            if walk == 1 {
                std::process::abort()
            }
        };
        if is_child() {
            safejax::to_file("model.safetensors", &large_then(Calls(Cell::new(0), die))).unwrap();
        }
    }
}

#[cfg(unix)]
mod mode {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn a_new_file_has_the_mode_of_any_file_that_is_created() {
        let folder = folder();
        let (ours, theirs) = (folder.path().join("ours"), folder.path().join("theirs"));
        File::create(&theirs).unwrap();
        safejax::to_file(&ours, &map(1.0)).unwrap();
        assert_eq!(mode(&ours), mode(&theirs));
    }

    #[test]
    fn the_umask_takes_its_part() {
        for (umask, expected) in [("000", 0o666), ("022", 0o644), ("027", 0o640), ("077", 0o600)] {
            let folder = folder();
            assert!(child::run("child::saves_here", folder.path(), &format!("umask {umask}; exec")).success());
            assert_eq!(mode(&folder.path().join("model.safetensors")), expected, "umask {umask}");
        }
    }

    #[test]
    fn the_mode_of_the_old_file_is_kept() {
        for old in [0o600, 0o640, 0o644, 0o666, 0o444, 0o755] {
            let folder = folder();
            let path = folder.path().join("model.safetensors");
            safejax::to_file(&path, &map(1.0)).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(old)).unwrap();
            assert!(child::run("child::saves_here", folder.path(), "umask 022; exec").success());
            assert_eq!(mode(&path), old, "{:o} instead of {old:o}", mode(&path));
            assert_eq!(safejax::from_file::<Map>(&path).unwrap(), map(2.0));
        }
    }

    #[test]
    fn a_private_file_is_private_while_it_is_written() {
        let folder = folder();
        let path = folder.path().join("model.safetensors");
        safejax::to_file(&path, &map(1.0)).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let seen = Cell::new(0);
        let look = |_walk| {
            for name in names(folder.path()) {
                assert_eq!(mode(&folder.path().join(&name)), 0o600, "{name}");
                seen.set(seen.get() + 1);
            }
        };
        safejax::to_file(&path, &large_then(Calls(Cell::new(0), look))).unwrap();
        assert_eq!(seen.get(), 3, "the old file twice, and the temporary one in the second walk");
    }
}

#[cfg(unix)]
mod target {
    use std::os::unix::fs::{FileTypeExt, symlink};
    use std::process::Command;

    use super::*;

    /// Saves to `link` and finds the value in `file`, all links being links still.
    fn assert_follows(folder: &Path, links: &[&str], file: &str) {
        let before: Vec<_> = links.iter().map(|link| fs::read_link(folder.join(link)).unwrap()).collect();
        safejax::to_file(folder.join(links[0]), &map(2.0)).unwrap();
        let after: Vec<_> = links.iter().map(|link| fs::read_link(folder.join(link)).unwrap()).collect();
        assert_eq!(before, after);
        assert!(fs::symlink_metadata(folder.join(file)).unwrap().is_file());
        assert_eq!(safejax::from_file::<Map>(folder.join(file)).unwrap(), map(2.0));
    }

    #[test]
    fn a_symlink_is_followed_and_stays_one() {
        let folder = folder();
        let file = folder.path().join("file");
        safejax::to_file(&file, &map(1.0)).unwrap();
        symlink(&file, folder.path().join("link")).unwrap();
        assert_follows(folder.path(), &["link"], "file");
        assert_eq!(names(folder.path()), ["file", "link"]);
    }

    #[test]
    fn a_relative_symlink_is_relative_to_its_own_folder() {
        let folder = folder();
        fs::create_dir(folder.path().join("a")).unwrap();
        fs::create_dir(folder.path().join("b")).unwrap();
        safejax::to_file(folder.path().join("b/file"), &map(1.0)).unwrap();
        symlink("../b/file", folder.path().join("a/link")).unwrap();
        assert_follows(folder.path(), &["a/link"], "b/file");
        assert_eq!(names(&folder.path().join("a")), ["link"]);
    }

    #[test]
    fn a_chain_of_symlinks_is_followed_to_its_end() {
        let folder = folder();
        fs::create_dir(folder.path().join("a")).unwrap();
        safejax::to_file(folder.path().join("a/file"), &map(1.0)).unwrap();
        symlink("a/second", folder.path().join("first")).unwrap();
        symlink("third", folder.path().join("a/second")).unwrap();
        symlink(folder.path().join("a/file"), folder.path().join("a/third")).unwrap();
        assert_follows(folder.path(), &["first", "a/second", "a/third"], "a/file");
    }

    #[test]
    fn a_symlink_that_leads_nowhere_gets_its_file() {
        let folder = folder();
        symlink("file", folder.path().join("link")).unwrap();
        assert_follows(folder.path(), &["link"], "file");
    }

    #[test]
    fn a_circle_of_symlinks_is_an_error() {
        let folder = folder();
        symlink("b", folder.path().join("a")).unwrap();
        symlink("a", folder.path().join("b")).unwrap();
        let error = safejax::to_file(folder.path().join("a"), &map(1.0)).unwrap_err();
        assert!(error.to_string().contains("symbolic links"), "{error}");
        assert_eq!(names(folder.path()), ["a", "b"]);
    }

    #[test]
    fn a_name_alone_is_a_file_in_the_current_folder() {
        let folder = folder();
        assert!(child::run("child::saves_here", folder.path(), "exec").success());
        assert_eq!(names(folder.path()), ["model.safetensors"]);
    }

    #[test]
    fn a_missing_folder_is_an_error_that_names_the_file_and_the_folder() {
        let folder = folder();
        let missing = folder.path().join("missing");
        let path = missing.join("model.safetensors");
        let error = safejax::to_file(&path, &map(1.0)).unwrap_err();
        assert_eq!(error.file(), Some(&*path));
        let ErrorKind::Io(io) = error.kind() else { panic!("{error}") };
        assert_eq!(io.kind(), std::io::ErrorKind::NotFound);
        let message = error.to_string();
        assert!(message.contains(&format!("the directory `{}`", missing.display())), "{message}");
    }

    #[test]
    fn a_folder_is_not_replaced() {
        let folder = folder();
        let error = safejax::to_file(folder.path(), &map(1.0)).unwrap_err();
        assert_eq!(error.file(), Some(folder.path()));
        assert!(error.to_string().contains("directory"), "{error}");
        assert!(folder.path().is_dir());
    }

    #[test]
    fn a_device_is_written_to_and_stays_one() {
        let null = Path::new("/dev/null");
        safejax::to_file(null, &map(1.0)).unwrap();
        assert!(fs::metadata(null).unwrap().file_type().is_char_device());
    }

    #[test]
    fn a_pipe_is_written_to_and_stays_one() {
        let folder = folder();
        let pipe = folder.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let value = large_then(vector(1.0));
        let read = thread::scope(|scope| {
            let reader = scope.spawn(|| fs::read(&pipe).unwrap());
            safejax::to_file(&pipe, &value).unwrap();
            reader.join().unwrap()
        });
        assert_eq!(read, safejax::to_bytes(&value).unwrap());
        assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
    }

    #[test]
    fn a_failed_save_writes_nothing_to_a_pipe() {
        let folder = folder();
        let pipe = folder.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        // To open the pipe would wait for a reader, and there is none.
        safejax::to_file(&pipe, &large_then(Changing::new(vector(1.0), Fails))).unwrap_err();
    }
}

#[test]
fn sync_changes_nothing_in_the_file() {
    let folder = folder();
    for sync in [false, true] {
        let path = folder.path().join(format!("{sync}"));
        Options::new().sync(sync).to_file(&path, &large_then(vector(1.0))).unwrap();
        Options::new().sync(sync).to_file(&path, &large_then(vector(2.0))).unwrap();
        assert_eq!(fs::read(&path).unwrap(), safejax::to_bytes(&large_then(vector(2.0))).unwrap());
    }
    assert_eq!(names(folder.path()), ["false", "true"]);
}

/// What is another value in the second walk is no file at all.
mod changed {
    use safejax::{Dtype, Tensor};

    use super::*;

    fn assert_changed<A: Serialize, B: Serialize>(first: A, second: B, says: &[&str]) {
        let value = large_then(Changing::new(first, second));
        let in_memory = safejax::to_bytes(&value).unwrap_err();
        value.then.walks.set(0);
        let in_a_file = assert_old_file_stays(&value);
        for error in [in_memory, in_a_file] {
            assert!(matches!(error.kind(), ErrorKind::Changed { .. }), "{error}");
            for text in says {
                assert!(error.to_string().contains(text), "{text:?} is not in: {error}");
            }
        }
    }

    /// An array that is none of those that are known by their type.
    fn foreign<T: Serialize>(elements: Vec<T>) -> impl Serialize {
        #[derive(Serialize)]
        #[serde(rename = "Array")]
        struct Foreign<T> {
            v: u8,
            dim: [usize; 1],
            data: Vec<T>,
        }
        Foreign { v: 1, dim: [elements.len()], data: elements }
    }

    #[test]
    fn another_shape() {
        assert_changed(Array1::<f32>::zeros(3), Array1::<f32>::zeros(4), &["`then`", "F32 [4]", "F32 [3] before"]);
        assert_changed(Array2::<f32>::zeros((2, 3)), Array2::<f32>::zeros((3, 2)), &["`then`", "[3, 2]", "[2, 3]"]);
        assert_changed(foreign(vec![1i32]), foreign(vec![1i32, 2]), &["`then`", "I32 [2]", "I32 [1] before"]);
    }

    #[test]
    fn another_dtype() {
        assert_changed(Array1::<f32>::zeros(3), Array1::<i32>::zeros(3), &["`then`", "I32 [3]", "F32 [3] before"]);
        assert_changed(foreign(vec![1i32]), foreign(vec![1u32]), &["`then`", "U32 [1]", "I32 [1] before"]);
    }

    #[test]
    fn more_tensors() {
        assert_changed(vec![vector(1.0)], vec![vector(1.0), vector(2.0)], &["more than the 2 tensors"]);
        assert_changed((), vector(1.0), &["more than the 1 tensors"]);
    }

    #[test]
    fn fewer_tensors() {
        assert_changed(vec![vector(1.0), vector(2.0)], vec![vector(1.0)], &["2 tensors and had 3"]);
        assert_changed(vector(1.0), (), &["1 tensors and had 2"]);
    }

    #[test]
    fn another_name() {
        let of = |key: &str| Map::from([(key.to_owned(), vector(1.0))]);
        assert_changed(of("mean"), of("variance"), &["fields, keys or items"]);
        #[derive(Serialize)]
        struct A {
            mean: Array1<f32>,
        }
        #[derive(Serialize)]
        struct B {
            variance: Array1<f32>,
        }
        assert_changed(A { mean: vector(1.0) }, B { variance: vector(1.0) }, &["fields, keys or items"]);
    }

    #[test]
    fn another_place_in_a_list() {
        assert_changed([Some(vector(1.0)), None], [None, Some(vector(1.0))], &["fields, keys or items"]);
    }

    #[test]
    fn a_leaf_that_comes_or_goes() {
        assert_changed((vector(1.0), ()), (vector(1.0), 1), &["fields, keys or items"]);
    }

    #[test]
    fn what_stays_the_same_in_all_but_its_values_is_saved() {
        let tensor = Tensor::new(Dtype::F32, vec![3], vec![0; 12]).unwrap();
        let value = large_then(Changing::new((tensor, 1), (vector(2.0), 2)));
        let bytes = safejax::to_bytes(&value).unwrap();
        let checkpoint = Checkpoint::from_bytes(&bytes).unwrap();
        assert_eq!(checkpoint.tensor("then.0").unwrap().to_array::<f32>().unwrap(), vector(2.0).into_dyn());
    }
}

/// What a load reads of a file of 200 MB, by the system's own count.
#[cfg(target_os = "linux")]
mod reading {
    use std::io::{Seek, SeekFrom, Write};

    use super::*;

    const LARGE: u64 = 200_000_000;
    /// The header in two reads, and the count itself.
    const HEADER: u64 = 4096;

    /// `large` and `small`, of which only the last has been written.
    fn file(folder: &Path) -> std::path::PathBuf {
        let path = folder.join("model.safetensors");
        let header = format!(
            r#"{{"block.large":{{"dtype":"F32","shape":[{}],"data_offsets":[0,{LARGE}]}},"block.small":{{"dtype":"F32","shape":[3],"data_offsets":[{LARGE},{}]}}}}"#,
            LARGE / 4,
            LARGE + 12,
        );
        let mut file = File::create(&path).unwrap();
        file.write_all(&(header.len() as u64).to_le_bytes()).unwrap();
        file.write_all(header.as_bytes()).unwrap();
        file.seek(SeekFrom::Current(i64::try_from(LARGE).unwrap())).unwrap();
        file.write_all(&[0, 0, 0x80, 0x3f].repeat(3)).unwrap();
        path
    }

    /// The bytes that this thread has read, cached or not.
    fn read_so_far() -> u64 {
        let io = fs::read_to_string("/proc/thread-self/io").unwrap();
        io.lines().find_map(|line| line.strip_prefix("rchar: ")).unwrap().parse().unwrap()
    }

    fn bytes_read<T>(load: impl FnOnce() -> T) -> (T, u64) {
        let before = read_so_far();
        let value = load();
        (value, read_so_far() - before)
    }

    #[derive(Deserialize)]
    struct Small {
        small: Array1<f32>,
    }

    #[derive(Deserialize)]
    struct Model {
        block: Small,
    }

    #[derive(Deserialize)]
    struct All {
        block: BTreeMap<String, ArrayD<f32>>,
    }

    #[test]
    fn the_count_sees_what_is_read() {
        let folder = folder();
        let path = file(folder.path());
        let options = Options::new();
        #[cfg(feature = "parallel")]
        let options = options.threads(1);
        let (all, read) = bytes_read(|| options.from_file::<All>(&path).unwrap());
        assert_eq!(all.block["large"].len() as u64, LARGE / 4);
        assert!((LARGE..LARGE + HEADER).contains(&read), "{read} bytes");
    }

    #[test]
    fn a_struct_reads_the_tensors_that_it_names() {
        let folder = folder();
        let path = file(folder.path());
        let (model, read) = bytes_read(|| safejax::from_file::<Model>(&path).unwrap());
        assert_eq!(model.block.small, vector(1.0));
        assert!(read < HEADER, "{read} bytes");
    }

    #[test]
    fn an_opened_checkpoint_has_read_the_header() {
        let folder = folder();
        let path = file(folder.path());
        let (checkpoint, read) = bytes_read(|| Checkpoint::open(&path).unwrap());
        assert_eq!(checkpoint.len(), 2);
        assert!(read < HEADER, "{read} bytes");
    }

    #[test]
    fn an_opened_checkpoint_reads_one_tensor_at_a_time() {
        let folder = folder();
        let checkpoint = Checkpoint::open(file(folder.path())).unwrap();
        let (tensor, read) = bytes_read(|| checkpoint.tensor("block.small").unwrap());
        assert_eq!(tensor.to_array::<f32>().unwrap(), vector(1.0).into_dyn());
        assert!(read < HEADER, "{read} bytes");
        let (_, read) = bytes_read(|| checkpoint.get::<Model>().unwrap());
        assert!(read < HEADER, "{read} bytes");
    }

    #[test]
    fn a_wrong_dtype_or_rank_is_known_before_the_data_is_read() {
        #[derive(Debug, Deserialize)]
        struct Wrong<T> {
            #[allow(dead_code)]
            block: WrongLarge<T>,
        }
        #[derive(Debug, Deserialize)]
        struct WrongLarge<T> {
            #[allow(dead_code)]
            large: T,
        }
        let folder = folder();
        let path = file(folder.path());
        let (error, read) = bytes_read(|| safejax::from_file::<Wrong<Array2<f32>>>(&path).unwrap_err());
        assert!(matches!(error.kind(), ErrorKind::Shape { .. }), "{error}");
        assert!(read < HEADER, "{read} bytes");
        let (error, read) = bytes_read(|| safejax::from_file::<Wrong<Array1<i64>>>(&path).unwrap_err());
        assert!(matches!(error.kind(), ErrorKind::Dtype { .. }), "{error}");
        assert!(read < HEADER, "{read} bytes");
    }
}
