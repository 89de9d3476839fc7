//! `stele serve` as a program of its own, without Python.

use std::env;
use std::io::{self, Read, Write};
use std::process::ExitCode;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use serde_json::json;
use stele_server::arguments::{Arguments, Asked, HELP, parse};
use stele_server::{Log, Refusal, Result, Server, printable};
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

/// The exit status for a command line that asks for what there is not.
const USAGE: u8 = 2;

/// The exit status for what could not be run.
const COULD_NOT_RUN: u8 = 3;

/// What the main thread waits for.
enum Event {
    Started(Box<Result<Server>>),
    Stop,
}

fn main() -> ExitCode {
    match parse(env::args_os().skip(1)) {
        Ok(arguments) => match serve(arguments) {
            Ok(()) => ExitCode::SUCCESS,
            Err(refusal) => could_not_run(&refusal),
        },
        Err(Asked::Help) => said(HELP),
        Err(Asked::Version) => said(concat!("stele-serve ", env!("CARGO_PKG_VERSION"), "\n")),
        Err(Asked::Refused(refusal)) => could_not_run(&refusal),
        Err(Asked::Wrong(message)) => {
            eprintln!("usage: stele-serve [options] [NAME=]DIR ...");
            eprintln!("stele-serve: error: {}", printable(&message));
            ExitCode::from(USAGE)
        }
    }
}

fn said(text: &str) -> ExitCode {
    print!("{text}");
    ExitCode::SUCCESS
}

fn could_not_run(refusal: &Refusal) -> ExitCode {
    let message: Vec<_> = refusal.message.split('\n').map(printable).collect();
    eprintln!("stele: {}: {}", refusal.code, message.join("\n"));
    ExitCode::from(COULD_NOT_RUN)
}

/// Serves until told to stop.
fn serve(Arguments { options, json, stop_with_stdin }: Arguments) -> Result<()> {
    // TensorFlow tells of each step of a load, unless the user wants to hear it.
    quiet("TF_CPP_MIN_LOG_LEVEL", "2");
    let log = Log::to_stderr();
    let (happen, events) = channel();
    // Before the models are loaded: a server that is told to stop then stops then.
    watch_signals(happen.clone());
    if stop_with_stdin {
        watch_stdin(happen.clone());
    }
    let own = log.clone();
    thread::spawn(move || {
        drop(happen.send(Event::Started(Box::new(Server::start(options, own)))));
    });
    let Ok(Event::Started(started)) = events.recv() else { leave(&log) };
    let server = started.inspect_err(|_| log.flush())?;
    say_ready(&server, json);
    while !matches!(events.recv(), Ok(Event::Stop) | Err(_)) {}
    if !server.drain() {
        // A model that runs cannot be interrupted, and would hold the process.
        log.warning("calls are still running; leaving them");
        leave(&log);
    }
    log.flush();
    Ok(())
}

fn say_ready(server: &Server, json: bool) {
    let (address, models) = (server.address(), server.models());
    let line = if json {
        let mut line = json!({"event": "ready", "address": address, "models": models});
        if let Some(rest) = server.rest() {
            line["rest"] = rest.into();
        }
        line.to_string()
    } else {
        let names: Vec<_> = models.iter().map(|name| printable(name)).collect();
        let names = if names.is_empty() { "no models yet".to_string() } else { names.join(", ") };
        format!("ready on {address}: {names}")
    };
    // Who does not read it, does not wait for it.
    let mut stdout = io::stdout().lock();
    drop(writeln!(stdout, "{line}").and_then(|()| stdout.flush()));
}

/// Listens from now on: not before a thread gets to it, when a signal could have come.
fn watch_signals(happen: Sender<Event>) {
    let Ok(runtime) = Builder::new_current_thread().enable_io().build() else { return };
    let context = runtime.enter();
    let kinds = [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()];
    let [Ok(mut terminate), Ok(mut interrupt), Ok(mut hangup)] = kinds.map(signal) else { return };
    drop(context);
    thread::spawn(move || {
        runtime.block_on(async {
            loop {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                    _ = hangup.recv() => {}
                }
                drop(happen.send(Event::Stop));
            }
        });
    });
}

fn watch_stdin(happen: Sender<Event>) {
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while io::stdin().read(&mut buffer).is_ok_and(|count| count > 0) {}
        drop(happen.send(Event::Stop));
    });
}

/// Ends the process at once, with threads of TensorFlow in the middle of their work.
fn leave(log: &Log) -> ! {
    log.flush();
    end()
}

#[allow(unsafe_code)]
fn end() -> ! {
    // SAFETY: it runs no destructors, hence touches nothing that a thread uses.
    unsafe { libc::_exit(0) }
}

/// Sets a variable that is not set.
#[allow(unsafe_code)]
fn quiet(name: &str, value: &str) {
    if env::var_os(name).is_none() {
        // SAFETY: no other thread has been started.
        unsafe { env::set_var(name, value) }
    }
}
