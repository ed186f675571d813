//! Checkpoints in object stores: in memory, on disk, and behind a real HTTP server on loopback.
#![cfg(feature = "object_store")]
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use common::golden_files;
use http_body::Body;
use ndarray::{Array1, Array2};
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody, HttpResponse, HttpService,
};
use object_store::http::{HttpBuilder, HttpStore};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, RetryConfig};
use safejax::{Checkpoint, ErrorKind, Naming, Options, Progress, Tree};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Dense {
    kernel: Array2<f32>,
    bias: Array1<f32>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Net {
    encoder: Vec<Dense>,
    head: Dense,
    activation: String,
}

/// The bytes of a kernel.
const KERNEL: u64 = 4 * 512 * 512;

fn dense(value: f32) -> Dense {
    Dense { kernel: Array2::from_elem((512, 512), value), bias: Array1::from_elem(512, value) }
}

fn net() -> Net {
    Net { encoder: (0..4).map(|n| dense(n as f32)).collect(), head: dense(9.0), activation: "relu".to_owned() }
}

/// A model of more than one part, with arrays that are not in the order of the file.
fn large() -> Vec<Array2<f32>> {
    let wide = Array2::from_shape_fn((2500, 1100), |(i, j)| (i * 3 + j) as f32);
    vec![wide.clone().reversed_axes(), Array2::ones((3, 5)), wide, Array2::zeros((0, 4))]
}

async fn bytes_in(store: &dyn ObjectStore, path: &Path) -> Vec<u8> {
    store.get(path).await.unwrap().bytes().await.unwrap().into()
}

#[tokio::test]
async fn a_value_in_a_store_is_the_file_that_it_is_on_disk() {
    let directory = tempfile::tempdir().unwrap();
    let local = LocalFileSystem::new_with_prefix(directory.path()).unwrap();
    let memory = InMemory::new();
    let stores: [&dyn ObjectStore; 2] = [&memory, &local];
    let path = Path::from("models/net.safetensors");
    for store in stores {
        safejax::to_store(store, &path, &net()).await.unwrap();
        assert!(bytes_in(store, &path).await == safejax::to_bytes(&net()).unwrap());
        let checkpoint = Checkpoint::open_in(store, &path).await.unwrap();
        assert_eq!(checkpoint.get::<Net>().await.unwrap(), net());
        assert_eq!(checkpoint.get_at::<Dense>("encoder.2").await.unwrap(), dense(2.0));
    }
}

#[tokio::test]
async fn a_large_value_is_uploaded_in_parts() {
    let directory = tempfile::tempdir().unwrap();
    let local = LocalFileSystem::new_with_prefix(directory.path()).unwrap();
    let memory = InMemory::new();
    let stores: [&dyn ObjectStore; 2] = [&memory, &local];
    let path = Path::from("large.safetensors");
    for store in stores {
        safejax::to_store(store, &path, &large()).await.unwrap();
        assert!(bytes_in(store, &path).await == safejax::to_bytes(&large()).unwrap());
        let checkpoint = Checkpoint::open_in(store, &path).await.unwrap();
        assert!(checkpoint.get::<Vec<Array2<f32>>>().await.unwrap() == large());
    }
}

#[tokio::test]
async fn an_upload_that_fails_leaves_no_file() {
    /// Changes after the first walk and some parts.
    struct Changes(std::sync::atomic::AtomicU32);
    impl Serialize for Changes {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            match self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
                0..2 => large().serialize(serializer),
                _ => [1, 2].serialize(serializer),
            }
        }
    }
    let store = InMemory::new();
    let path = Path::from("large.safetensors");
    let error = safejax::to_store(&store, &path, &Changes(0.into())).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Changed { .. }), "{error}");
    assert!(store.head(&path).await.is_err());
}

#[tokio::test]
async fn every_golden_file_is_read_from_a_store() {
    let store = InMemory::new();
    let goldens = golden_files();
    for golden in &goldens {
        let path = Path::from(golden.name.as_str());
        store.put(&path, golden.bytes.clone().into()).await.unwrap();
        let checkpoint = Checkpoint::open_in(&store, &path).await.unwrap();
        assert_eq!(checkpoint.keys().collect::<Vec<_>>(), golden.manifest.order);
        assert_eq!(*checkpoint.metadata(), golden.manifest.metadata.clone().unwrap_or_default());
        for key in &golden.manifest.order {
            golden.assert_tensor(key, &checkpoint.tensor(key).await.unwrap());
            assert_eq!(checkpoint.info(key).unwrap().shape, golden.info(key).shape);
        }
        assert!(checkpoint.tree().await.unwrap() == safejax::from_bytes::<Tree>(&golden.bytes).unwrap());
    }
}

#[tokio::test]
async fn a_type_that_looks_at_its_values_sees_those_of_the_file() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct State {
        step: std::num::NonZeroU32,
    }
    let store = InMemory::new();
    let path = Path::from("state.safetensors");
    safejax::to_store(&store, &path, &BTreeMap::from([("step", ndarray::arr0(7u32))])).await.unwrap();
    let checkpoint = Checkpoint::open_in(&store, &path).await.unwrap();
    assert_eq!(checkpoint.get::<State>().await.unwrap().step.get(), 7);
}

#[tokio::test]
async fn errors_name_the_key_and_the_file() {
    let store = InMemory::new();
    let path = Path::from("models/net.safetensors");
    let error = Checkpoint::open_in(&store, &path).await.map(|_| ()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Io(io) if io.kind() == std::io::ErrorKind::NotFound), "{error}");
    safejax::to_store(&store, &path, &net()).await.unwrap();
    let checkpoint = Checkpoint::open_in(&store, &path).await.unwrap();
    let errors = [
        checkpoint.tensor("head.kernels").await.unwrap_err(),
        checkpoint.get_at::<Tree>("head.kernels").await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.to_string(), "models/net.safetensors: `head.kernels`: missing (the nearest is `head.kernel`)");
    }
    let naming = Options::new().naming(Naming::objax()).open_in(&store, &path).await;
    assert!(matches!(naming.map(|_| ()).unwrap_err().kind(), ErrorKind::Naming { .. }));
    store.put(&path, "<!doctype html><title>404</title> and so on, and so on".into()).await.unwrap();
    let error = Checkpoint::open_in(&store, &path).await.map(|_| ()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NotSafetensors { .. }), "{error}");
}

#[tokio::test]
async fn an_object_that_is_replaced_meanwhile_is_an_error() {
    let store = InMemory::new();
    let path = Path::from("net.safetensors");
    safejax::to_store(&store, &path, &net()).await.unwrap();
    let checkpoint = Checkpoint::open_in(&store, &path).await.unwrap();
    safejax::to_store(&store, &path, &net()).await.unwrap();
    assert!(checkpoint.tensor("head.kernel").await.is_err());
}

#[tokio::test]
async fn saves_and_loads_report_progress() {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&calls);
    let options = Options::new().on_progress(move |Progress { bytes_done, bytes_total, .. }| {
        seen.lock().unwrap().push((bytes_done, bytes_total));
    });
    let store = InMemory::new();
    let path = Path::from("large.safetensors");
    options.to_store(&store, &path, &large()).await.unwrap();
    let saved = std::mem::take(&mut *calls.lock().unwrap());
    assert!(saved.len() >= 3 && saved.last().is_some_and(|(done, total)| done == total), "{saved:?}");
    let checkpoint = options.open_in(&store, &path).await.unwrap();
    let _: Vec<Array2<f32>> = checkpoint.get().await.unwrap();
    let loaded = calls.lock().unwrap();
    assert!(loaded.last().is_some_and(|(done, total)| done == total), "{loaded:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_futures_may_move_between_threads() {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let task = tokio::spawn(async move {
        let path = Path::from("net.safetensors");
        safejax::to_store(&store, &path, &net()).await.unwrap();
        let checkpoint = Checkpoint::open_in(&store, &path).await.unwrap();
        checkpoint.get_at::<Dense>("head").await.unwrap()
    });
    assert_eq!(task.await.unwrap(), dense(9.0));
}

#[tokio::test]
async fn over_http_opening_is_one_request() {
    let server = Server::start(safejax::to_bytes(&net()).unwrap());
    let store = server.store();
    Checkpoint::open_in(&store, &Path::from("net.safetensors")).await.unwrap();
    let (requests, bytes) = server.take();
    assert_eq!(requests, ["GET /net.safetensors bytes=0-65535"]);
    assert_eq!(bytes, 64 * 1024);
}

#[tokio::test]
async fn over_http_a_large_header_is_two_requests() {
    let many: BTreeMap<String, Array1<u8>> = (0..2000).map(|n| (format!("layer_{n:04}"), Array1::zeros(1))).collect();
    let file = safejax::to_bytes(&many).unwrap();
    let header = file.len() as u64 - 2000;
    let server = Server::start(file);
    Checkpoint::open_in(&server.store(), &Path::from("many.safetensors")).await.unwrap();
    let (requests, bytes) = server.take();
    assert_eq!((requests.len(), bytes), (2, header));
}

#[tokio::test]
async fn over_http_a_part_is_fetched_by_one_request_for_its_bytes() {
    let server = Server::start(safejax::to_bytes(&net()).unwrap());
    let store = server.store();
    let checkpoint = Checkpoint::open_in(&store, &Path::from("net.safetensors")).await.unwrap();
    server.take();
    assert_eq!(checkpoint.get_at::<Dense>("encoder.2").await.unwrap(), dense(2.0));
    let (requests, bytes) = server.take();
    assert_eq!((requests.len(), bytes), (1, KERNEL + 4 * 512));
    #[derive(Deserialize)]
    struct Head {
        head: Dense,
    }
    assert_eq!(checkpoint.get::<Head>().await.unwrap().head, dense(9.0));
    assert_eq!(server.take().1, KERNEL + 4 * 512);
    checkpoint.tensor("head.kernel").await.unwrap();
    assert_eq!(server.take().1, KERNEL);
}

#[tokio::test]
async fn over_http_what_does_not_fit_is_not_fetched() {
    let server = Server::start(safejax::to_bytes(&net()).unwrap());
    let store = server.store();
    let checkpoint = Checkpoint::open_in(&store, &Path::from("net.safetensors")).await.unwrap();
    server.take();
    assert!(checkpoint.get::<BTreeMap<String, Array1<u8>>>().await.is_err());
    assert_eq!(server.take().0.len(), 0);
}

#[tokio::test]
async fn over_http_all_is_fetched_in_ranges_of_8_mib_and_a_store_without_parts_takes_one_piece() {
    let server = Server::start(Vec::new());
    let store = server.store();
    let path = Path::from("large.safetensors");
    safejax::to_store(&store, &path, &large()).await.unwrap();
    let file = safejax::to_bytes(&large()).unwrap();
    assert!(*server.0.file.lock().unwrap() == file);
    server.take();
    let checkpoint = Checkpoint::open_in(&store, &path).await.unwrap();
    assert!(checkpoint.get::<Vec<Array2<f32>>>().await.unwrap() == large());
    let (requests, bytes) = server.take();
    assert_eq!(requests.len(), 1 + file.len().div_ceil(8 * 1024 * 1024));
    assert!(bytes < file.len() as u64 + 64 * 1024, "{bytes}");
}

/// A server of one file that counts what it is asked for.
struct Server(Arc<Shared>);

struct Shared {
    address: SocketAddr,
    file: Mutex<Vec<u8>>,
    /// The method, the path and the range of each request.
    requests: Mutex<Vec<String>>,
    /// The bytes of all answers.
    bytes: Mutex<u64>,
}

impl Server {
    fn start(file: Vec<u8>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Shared { address, file: Mutex::new(file), requests: Mutex::default(), bytes: Mutex::default() };
        let shared = Arc::new(shared);
        let server = Self(Arc::clone(&shared));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || shared.answer(stream.unwrap()));
            }
        });
        server
    }

    fn store(&self) -> HttpStore {
        let retry = RetryConfig { max_retries: 0, ..RetryConfig::default() };
        let url = format!("http://{}", self.0.address);
        let options = object_store::ClientOptions::new().with_allow_http(true);
        let builder = HttpBuilder::new().with_url(url).with_retry(retry).with_client_options(options);
        builder.with_http_connector(Client(self.0.address)).build().unwrap()
    }

    /// What was asked for and answered since the last time.
    fn take(&self) -> (Vec<String>, u64) {
        (std::mem::take(&mut *self.0.requests.lock().unwrap()), std::mem::take(&mut *self.0.bytes.lock().unwrap()))
    }
}

impl Shared {
    fn answer(&self, mut stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            match line.trim_end() {
                "" => break,
                line => lines.push(line.to_owned()),
            }
        }
        let header = |name: &str| {
            let line = lines.iter().find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}:")));
            line.map(|line| line.split_once(':').unwrap().1.trim().to_owned())
        };
        let request = lines[0].trim_end_matches(" HTTP/1.1").to_owned();
        let range = header("range");
        self.requests
            .lock()
            .unwrap()
            .push(format!("{request} {}", range.clone().unwrap_or_default()).trim().to_owned());
        if request.starts_with("PUT ") {
            let mut body = vec![0; header("content-length").unwrap().parse().unwrap()];
            std::io::Read::read_exact(&mut reader, &mut body).unwrap();
            *self.file.lock().unwrap() = body;
            stream.write_all(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
            return;
        }
        let file = self.file.lock().unwrap().clone();
        let range = range.unwrap();
        let (begin, end) = range.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
        let begin: usize = begin.parse().unwrap();
        let end = file.len().min(end.parse::<usize>().unwrap() + 1);
        *self.bytes.lock().unwrap() += (end - begin) as u64;
        let head = format!(
            "HTTP/1.1 206 Partial Content\r\nContent-Length: {}\r\nContent-Range: bytes {begin}-{}/{}\r\n\
             Connection: close\r\n\r\n",
            end - begin,
            end - 1,
            file.len()
        );
        // A client that has what it wants may close.
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&file[begin..end]));
    }
}

/// A plain HTTP/1.1 client, so that the tests need no TLS.
#[derive(Clone, Copy, Debug)]
struct Client(SocketAddr);

impl HttpConnector for Client {
    fn connect(&self, _options: &object_store::ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(*self))
    }
}

impl HttpService for Client {
    fn call<'s, 'f>(
        &'s self,
        request: HttpRequest,
    ) -> Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'f>>
    where
        's: 'f,
        Self: 'f,
    {
        Box::pin(async move { self.send(request).await.map_err(|error| HttpError::new(HttpErrorKind::Unknown, error)) })
    }
}

impl Client {
    async fn send(&self, request: HttpRequest) -> std::io::Result<HttpResponse> {
        let mut stream = tokio::net::TcpStream::connect(self.0).await?;
        let (parts, body) = request.into_parts();
        let mut head = format!("{} {} HTTP/1.1\r\nHost: {}\r\n", parts.method, parts.uri.path(), self.0);
        for (name, value) in &parts.headers {
            head.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
        }
        let body = collect(body).await;
        head.push_str(&format!("Content-Length: {}\r\nConnection: close\r\n\r\n", body.len()));
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(&body).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").ok_or(std::io::ErrorKind::UnexpectedEof)?;
        let body = answer.split_off(end + 4);
        let head = String::from_utf8(answer).unwrap();
        let mut lines = head.trim_end().split("\r\n");
        let status: u16 = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let mut response = HttpResponse::new(body.into());
        *response.status_mut() = status.try_into().unwrap();
        for line in lines {
            let (name, value) = line.split_once(": ").unwrap();
            let name = match name {
                "Content-Length" => "content-length",
                "Content-Range" => "content-range",
                _ => continue,
            };
            response.headers_mut().insert(name, value.parse().unwrap());
        }
        Ok(response)
    }
}

/// The bytes of a request's body.
async fn collect(mut body: HttpRequestBody) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        bytes.extend_from_slice(&frame.unwrap().into_data().unwrap());
    }
    bytes
}
