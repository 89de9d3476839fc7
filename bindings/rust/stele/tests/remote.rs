//! The client against `stele serve`: what a model in this process answers, bit for
//! bit and word for word.

mod common;

use std::env;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

use common::{Copy, digits, dtypes, image, sparse, state, values};
use stele::remote::Connection;
use stele::{Code, DType, Error, Profile, Tensor, TensorView};

/// A server, which ends with this.
struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn start(arguments: &[&str]) -> Server {
        let python =
            env::var_os("STELE_PYTHON").expect("the Makefile and .cargo/config.toml set it");
        let mut process = Command::new(python)
            .args(["-m", "stele.cli", "serve", "--port", "0", "--stop-with-stdin", "--json"])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.split("\"address\":").nth(1).and_then(|rest| rest.split('"').nth(1));
        let address = address.unwrap_or_else(|| panic!("not ready: {line:?}")).to_string();
        Server { process, address }
    }

    /// One with the models of these tests.
    fn of_models() -> Server {
        let model = |name, path: &Path| format!("{name}={}", path.display());
        let models =
            [model("digits", &digits()), model("dtypes", &dtypes()), model("state", &state())];
        Server::start(&models.each_ref().map(String::as_str))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Every element, whatever its dtype.
fn contents(tensor: &Tensor) -> Vec<u8> {
    TensorView::from(tensor).raw_contents().unwrap().into_owned()
}

#[test]
fn answers_are_those_of_a_model_in_this_process() {
    let server = Server::of_models();
    let connection = Connection::open(&server.address).unwrap();
    for (name, dir) in [("digits", digits()), ("dtypes", dtypes())] {
        let (near, far) = (stele::Model::load(dir).unwrap(), connection.model(name).unwrap());
        let described = |signatures: &stele::Signatures| {
            let lines = signatures.iter().flat_map(|signature| {
                let specs = signature.inputs.iter().chain(&signature.outputs);
                specs.map(|spec| format!("{} {spec}", signature.name))
            });
            lines.collect::<Vec<_>>()
        };
        assert_eq!(described(near.signatures()), described(far.signatures()));
    }

    let (near, far) = (stele::Model::load(dtypes()).unwrap(), connection.model("dtypes").unwrap());
    for dtype in DType::all() {
        let signature = dtype.to_string().to_lowercase();
        for shape in [&[][..], &[0], &[5], &[2, 0, 3], &[2, 1, 3, 2]] {
            let count: usize = shape.iter().product();
            // NaNs with payloads, infinities and subnormals are among them.
            let bits = if dtype == DType::Bool { 1 } else { 0xff };
            let bytes =
                (0..count * dtype.size().unwrap_or(0)).map(|at| (at * 37 + 250) as u8 & bits);
            let tensor = match dtype {
                DType::Bytes => {
                    Tensor::from_strings(shape, (0..count).map(|at| vec![at as u8 ^ 0xfe; at * 9]))
                }
                _ => Tensor::from_bytes(dtype, shape, &bytes.collect::<Vec<_>>()),
            };
            let tensor = tensor.unwrap();
            let expected = near.runner(&signature).unwrap().run([("x", &tensor)]).unwrap();
            let outputs = far.runner(&signature).unwrap().run([("x", &tensor)]).unwrap();
            assert_eq!(expected.iter().len(), outputs.iter().len());
            for ((name, expected), (same, output)) in expected.iter().zip(outputs.iter()) {
                assert_eq!((name, expected.dtype()), (same, output.dtype()));
                assert_eq!(expected.shape(), output.shape(), "{signature} {name} {shape:?}");
                assert_eq!(contents(expected), contents(output), "{signature} {name} {shape:?}");
            }
        }
    }
}

#[test]
fn values_survive_a_call() {
    let server = Server::of_models();
    let model = Connection::open(&server.address).unwrap().model("dtypes").unwrap();
    values::survive(|signature, input| {
        model.runner(signature).unwrap().run([("x", input)]).unwrap()
    });
}

#[test]
fn errors_are_those_of_a_model_in_this_process() {
    let server = Server::of_models();
    let connection = Connection::open(&server.address).unwrap();
    let near = stele::Model::load(digits()).unwrap();
    let far = connection.model("digits").unwrap();
    let good = Tensor::new([1, 8, 8, 1], &image(0)).unwrap();
    let flat = Tensor::new([64], &image(0)).unwrap();
    let double = Tensor::new([1, 8, 8, 1], &[0f64; 64]).unwrap();
    let rows: [&[(&str, &Tensor)]; 6] = [
        &[],
        &[("image", &flat)],
        &[("image", &double)],
        &[("image", &good), ("image", &good)],
        &[("image", &good), ("more", &good)],
        &[("no_image", &good)],
    ];
    for inputs in rows {
        let expected = near.run(inputs.iter().copied()).unwrap_err();
        assert_eq!(far.run(inputs.iter().copied()).unwrap_err(), expected);
    }
    for name in ["no_such", "__saved_model_init_op", ""] {
        assert_eq!(far.runner(name).err(), near.runner(name).err());
    }

    // What TensorFlow refuses.
    let (near, far) = (stele::Model::load(state()).unwrap(), connection.model("state").unwrap());
    let negative = Tensor::new([1], &[-1f32]).unwrap();
    let expected = near.runner("fail").unwrap().run([("x", &negative)]).unwrap_err();
    let error = far.runner("fail").unwrap().run([("x", &negative)]).unwrap_err();
    assert!(matches!(error, Error::Remote { .. }));
    assert_eq!(error.to_string(), expected.to_string());

    let error = connection.model("no_such_model").unwrap_err();
    assert_eq!(error.code(), Code::NotFound);
    assert!(error.message().contains("no_such_model"), "{error}");
}

#[test]
fn a_server_loads_what_it_is_told_to() {
    let server = Server::start(&["--model-control", "explicit"]);
    let connection = Connection::open(&server.address).unwrap();
    let load = |dir: &Path, tags: &[&str], config: &[u8]| connection.load("m", dir, tags, config);
    load(&digits(), &["serve"], Profile::Inline.config()).unwrap();
    let image = Tensor::new([1, 8, 8, 1], &image(0)).unwrap();
    let model = connection.model("m").unwrap();
    let expected = contents(model.run([("image", &image)]).unwrap().get("probabilities").unwrap());

    let damaged = Copy::of(&digits());
    damaged.truncate("saved_model.pb");
    let near = |dir: &Path, tags: &[&str], config: &[u8]| {
        let builder = stele::Model::builder().tags(tags.iter().copied()).config(config);
        builder.load(dir).err().expect("a refusal").code()
    };
    let nowhere = damaged.file("nowhere");
    let path = |path: &Path| path.to_str().unwrap().to_string();
    let rows: [(&Path, &[&str], &[u8], String); 4] = [
        (&nowhere, &["serve"], b"", path(&nowhere)),
        (damaged.path(), &["serve"], b"", path(damaged.path())),
        (&digits(), &["train", "gpu"], b"", "{gpu,train}".to_string()),
        (&digits(), &["serve"], b"\xff", "hex:ff".to_string()),
    ];
    for (dir, tags, config, culprit) in rows {
        let error = load(dir, tags, config).unwrap_err();
        assert_eq!(error.code(), near(dir, tags, config), "{error}");
        assert!(error.message().contains(&culprit), "{error}");
        let outputs = model.run([("image", &image)]).unwrap();
        assert_eq!(contents(outputs.get("probabilities").unwrap()), expected, "the one before");
    }

    load(&sparse(), &["first", "serve"], b"").unwrap();
    let model = connection.model("m").unwrap();
    let error = model.runner("serving_default").unwrap_err();
    assert!(matches!(error, Error::Unsupported(_)), "{error}");
    connection.unload("m").unwrap();
    assert_eq!(connection.model("m").unwrap_err().code(), Code::NotFound);
    assert_eq!(connection.unload("m").unwrap_err().code(), Code::NotFound);
}

#[test]
fn a_servers_limit_of_messages_says_both_sizes() {
    let dtypes = format!("dtypes={}", dtypes().display());
    let server = Server::start(&["--max-message", "1", &dtypes]);
    let model = Connection::open(&server.address).unwrap().model("dtypes").unwrap();
    let large = Tensor::new([1 << 19], &vec![0f32; 1 << 19]).unwrap();
    let error = model.runner("fp32").unwrap().run([("x", &large)]).unwrap_err();
    assert_eq!(error.code(), Code::ResourceExhausted, "{error}");
    let numbers = error.message().split(|character: char| !character.is_ascii_digit());
    let sizes: Vec<usize> = numbers.filter_map(|number| number.parse().ok()).collect();
    let message = large.bytes().unwrap().len()..large.bytes().unwrap().len() + 1000;
    assert!(
        sizes.iter().any(|size| message.contains(size)) && sizes.contains(&(1 << 20)),
        "{error}"
    );
}

#[test]
fn threads_share_a_connection() {
    let server = Server::of_models();
    let connection = Connection::builder();
    let model = connection.open(&server.address).unwrap().model("digits").unwrap();
    let run = |seed: usize| {
        let pixels = image(seed);
        let outputs = model.run([("image", TensorView::new(&[1, 8, 8, 1], &pixels).unwrap())]);
        contents(outputs.unwrap().get("probabilities").unwrap())
    };
    let expected: Vec<_> = (0..5).map(run).collect();
    thread::scope(|scope| {
        for thread in 0..8 {
            let (run, expected) = (&run, &expected);
            scope.spawn(move || {
                for at in 0..50 {
                    let seed = (thread + at) % 5;
                    assert_eq!(run(seed), expected[seed], "thread {thread}, run {at}");
                }
            });
        }
    });
}

#[test]
fn the_example_prints_what_digits_prints() {
    let server = Server::of_models();
    let folder = env::current_exe().unwrap().ancestors().nth(2).unwrap().join("examples");
    let output = |name: &str, arguments: &[&str]| {
        let mut program = Command::new(folder.join(name));
        // Nobody listens there, and nobody asks.
        let proxies = ["http_proxy", "https_proxy", "grpc_proxy", "all_proxy"];
        program.args(arguments).envs(proxies.map(|name| (name, "http://127.0.0.1:9")));
        let done = program.output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    };
    let near = output("digits", &[digits().to_str().unwrap()]);
    assert_eq!(output("remote", &[&server.address, "digits"]), near);
}

#[cfg(feature = "tls")]
#[test]
fn a_server_with_tls_is_known_by_its_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_string();
    let certify = |name: &str| {
        let (certificate, key) = (file(&format!("{name}.pem")), file(&format!("{name}.key")));
        let status = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"])
            .args([
                "-subj",
                "/CN=localhost",
                "-addext",
                "subjectAltName=IP:127.0.0.1,DNS:localhost",
            ])
            .args(["-addext", "basicConstraints=critical,CA:FALSE"])
            .args(["-keyout", &key, "-out", &certificate])
            .stderr(Stdio::null())
            .status();
        assert!(status.unwrap().success());
        (certificate, key)
    };
    let (certificate, key) = certify("server");
    let (other, _) = certify("other");
    let digits = format!("digits={}", digits().display());
    let server = Server::start(&["--tls-cert", &certificate, "--tls-key", &key, &digits]);
    let connect = |address: &str, certificate: &str| {
        let pem = std::fs::read(certificate).unwrap();
        Connection::builder().retries(0).root_certificates(pem).open(address)?.model("digits")
    };
    assert!(connect(&server.address, &certificate).is_ok());
    assert!(connect(&format!("https://{}", server.address), &certificate).is_ok());
    let error = connect(&server.address, &other).unwrap_err();
    assert_eq!(error.code(), Code::Unavailable, "{error}");
    assert!(error.message().contains("certificate"), "{error}");
    let plain = Connection::builder().retries(0).open(&server.address).unwrap();
    assert_eq!(plain.model("digits").unwrap_err().code(), Code::Unavailable);
    let none = Connection::builder().root_certificates("no PEM").open(&server.address).unwrap_err();
    assert!(matches!(none, Error::Config(_)), "{none}");
}
