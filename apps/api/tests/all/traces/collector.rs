//! A collector of traces.

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Takes what servers send by OTLP, and remembers it. It is gone when the run time of its test is.
pub(crate) struct Collector {
    url: String,
    taken: watch::Receiver<Vec<Span>>,
}

/// A span as it was sent.
#[derive(Debug, Clone)]
pub(crate) struct Span {
    pub(crate) json: Value,
    /// What sent it.
    pub(crate) resource: Value,
}

impl Collector {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let (sender, taken) = watch::channel(Vec::new());
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(take(connection, sender.clone()));
            }
        });
        Self { url, taken }
    }

    /// What `telemetry.otlp.endpoint` takes.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// What has come once it is enough.
    pub(crate) async fn until(&self, enough: impl Fn(&[Span]) -> bool) -> Vec<Span> {
        let mut taken = self.taken.clone();
        let spans = taken.wait_for(|spans| enough(spans)).await.expect("the collector runs");
        spans.clone()
    }
}

/// Takes requests of one connection as long as there are any.
async fn take(connection: TcpStream, taken: watch::Sender<Vec<Span>>) -> Option<()> {
    let mut connection = BufReader::new(connection);
    loop {
        let (mut head, mut line) = (String::new(), String::new());
        while line != "\r\n" {
            line.clear();
            if connection.read_line(&mut line).await.ok()? == 0 {
                return None;
            }
            head.push_str(&line.to_ascii_lowercase());
        }
        assert!(head.starts_with("post /v1/traces http/1.1\r\n"), "{head}");
        assert!(head.contains("\r\ncontent-type: application/json\r\n"), "{head}");
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.expect("a length").parse().expect("a number")];
        connection.read_exact(&mut body).await.ok()?;
        let body: Value = serde_json::from_slice(&body).expect("JSON");
        taken.send_modify(|all| all.extend(spans(&body)));
        let answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
        connection.write_all(answer.as_bytes()).await.ok()?;
    }
}

fn spans(body: &Value) -> Vec<Span> {
    let list = |value: &Value, name: &str| value[name].as_array().expect("a list").clone();
    let mut spans = Vec::new();
    for resource in list(body, "resourceSpans") {
        for scope in list(&resource, "scopeSpans") {
            let all = list(&scope, "spans").into_iter();
            spans.extend(all.map(|json| Span { json, resource: resource["resource"].clone() }));
        }
    }
    spans
}

/// The value of an attribute of a span or of a resource.
fn attribute<'a>(of: &'a Value, key: &str) -> Option<&'a str> {
    let all = of["attributes"].as_array()?;
    let value = &all.iter().find(|attribute| attribute["key"] == key)?["value"];
    value.as_object()?.values().next()?.as_str()
}

impl Span {
    pub(crate) fn name(&self) -> &str {
        self.text("name")
    }

    pub(crate) fn trace(&self) -> &str {
        self.text("traceId")
    }

    pub(crate) fn id(&self) -> &str {
        self.text("spanId")
    }

    /// The span that it is under.
    pub(crate) fn parent(&self) -> Option<&str> {
        self.json["parentSpanId"].as_str()
    }

    /// An attribute, of which texts and whole numbers are written alike.
    pub(crate) fn attribute(&self, key: &str) -> Option<&str> {
        attribute(&self.json, key)
    }

    /// An attribute of what sent it.
    pub(crate) fn of_sender(&self, key: &str) -> Option<&str> {
        attribute(&self.resource, key)
    }

    /// The spans that it leads to.
    pub(crate) fn links(&self) -> Vec<&str> {
        let links = self.json["links"].as_array().expect("a list");
        links.iter().map(|link| link["spanId"].as_str().expect("an id")).collect()
    }

    /// When it began and ended, in nanoseconds since 1970.
    pub(crate) fn time(&self) -> (u128, u128) {
        let time = |name| self.text(name).parse().expect("a number");
        (time("startTimeUnixNano"), time("endTimeUnixNano"))
    }

    fn text(&self, name: &str) -> &str {
        self.json[name].as_str().unwrap_or_else(|| panic!("no {name} in {}", self.json))
    }
}
