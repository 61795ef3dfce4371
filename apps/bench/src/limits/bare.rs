//! A bare actix-web handler that sends the same bytes as the shop: what a cached read cannot beat.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpResponse, HttpServer};
use anyhow::{Context as _, Result};
use tempfile::NamedTempFile;

use crate::shop::Running;

/// Headers that the server makes anew for each answer.
const MADE: [&str; 2] = ["content-length", "date"];

/// A bare handler in a process of its own.
#[derive(Debug)]
pub(crate) struct Bare {
    pub(crate) running: Running,
    _answer: NamedTempFile,
    _log: NamedTempFile,
}

impl Bare {
    /// Starts one that answers everything with these bytes of an answer.
    pub(crate) fn start(head: &[u8], body: &[u8]) -> Result<Self> {
        let (mut answer, log) = (NamedTempFile::new()?, NamedTempFile::new()?);
        answer.write_all(head)?;
        answer.write_all(body)?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["--bare-answer"]).arg(answer.path());
        Ok(Self { running: Running::start(command, log.path(), None)?, _answer: answer, _log: log })
    }
}

struct Constant {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
}

/// Serves the answer in the file, until it is ended.
pub(crate) fn serve(file: &Path) -> Result<()> {
    let answer = Data::new(read(&std::fs::read(file)?)?);
    actix_web::rt::System::new().block_on(async move {
        let server = HttpServer::new(move || {
            App::new().app_data(Data::clone(&answer)).default_service(web::to(constant))
        });
        let server = server.workers(std::thread::available_parallelism()?.get()).bind(("127.0.0.1", 0))?;
        let address = *server.addrs().first().context("it listens somewhere")?;
        println!("jangteo is listening on http://{address}");
        Ok(server.run().await?)
    })
}

async fn constant(answer: Data<Constant>) -> HttpResponse {
    let mut response = HttpResponse::build(answer.status);
    for (name, value) in &answer.headers {
        response.insert_header((name.clone(), value.clone()));
    }
    response.body(answer.body.clone())
}

fn read(bytes: &[u8]) -> Result<Constant> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut response = httparse::Response::new(&mut headers);
    let length = match response.parse(bytes)? {
        httparse::Status::Complete(length) => length,
        httparse::Status::Partial => anyhow::bail!("the answer is cut off"),
    };
    let mut kept = Vec::new();
    for header in response.headers.iter() {
        if !MADE.iter().any(|made| header.name.eq_ignore_ascii_case(made)) {
            kept.push((header.name.parse()?, HeaderValue::from_bytes(header.value)?));
        }
    }
    let status = StatusCode::from_u16(response.code.context("an answer has a status")?)?;
    Ok(Constant { status, headers: kept, body: Bytes::copy_from_slice(&bytes[length..]) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_repeated_but_what_is_made_anew() {
        let bytes = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\netag: \"1.1\"\r\nDate: today\r\n\r\n{}";
        let constant = read(bytes).unwrap();
        assert_eq!((constant.status.as_u16(), &constant.body[..]), (200, &b"{}"[..]));
        let names: Vec<_> = constant.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["etag"]);
    }
}
