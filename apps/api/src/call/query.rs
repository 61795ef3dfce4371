//! Query strings.

use actix_web::HttpRequest;
use actix_web::web;
use jangteo_shared_kernel::Limit;

use crate::problem::{Code, Faults, Problem};

/// The parameters of a query string; what has been taken is gone.
#[derive(Debug)]
pub(crate) struct Parameters {
    left: Vec<(String, String)>,
    faults: Faults,
}

/// What a query string means.
pub(crate) trait QueryString: Sized + 'static {
    /// Takes the parameters that it knows.
    fn read(parameters: &mut Parameters) -> Self;
}

/// No parameters.
impl QueryString for () {
    fn read(_: &mut Parameters) -> Self {}
}

/// Which page of a list.
#[derive(Debug, Clone)]
pub(crate) struct Paging {
    /// How many items.
    pub(crate) limit: Limit,
    /// The `nextCursor` of the page before.
    pub(crate) cursor: Option<String>,
}

/// Reads the query string of a request; a parameter that nobody takes is a fault.
pub(super) fn read<T: QueryString>(request: &HttpRequest) -> Result<T, Problem> {
    let pairs = web::Query::<Vec<(String, String)>>::from_query(request.query_string());
    let pairs = pairs.map_err(|_| Problem::new(Code::MalformedRequest, "the query string cannot be read"))?;
    let mut parameters = Parameters { left: pairs.into_inner(), faults: Faults::default() };
    let meaning = T::read(&mut parameters);
    let Parameters { left, mut faults } = parameters;
    for (name, _) in left {
        faults.add(format!("/{name}"), "is not a parameter of this address");
    }
    faults.settle(Some(meaning))
}

impl Parameters {
    /// Takes a parameter that may be there once.
    pub(crate) fn take<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let position = self.left.iter().position(|(other, _)| other == name)?;
        let (_, text) = self.left.remove(position);
        let before = self.left.len();
        self.left.retain(|(other, _)| other != name);
        if self.left.len() != before {
            self.faults.add(format!("/{name}"), "may be there once");
        }
        self.faults.check(format!("/{name}"), parse(&text))
    }

    /// Takes one of a few words.
    pub(crate) fn take_word<T: Copy>(&mut self, name: &str, words: &[(&str, T)]) -> Option<T> {
        self.take(name, |text| {
            let known = words.iter().find(|(word, _)| *word == text);
            known.map(|(_, value)| *value).ok_or_else(|| {
                let all: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
                format!("must be one of {}", all.join(", "))
            })
        })
    }

    /// Whether a parameter is there and was not taken.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.left.iter().any(|(other, _)| other == name)
    }

    /// Notes that a parameter does not fit the others.
    pub(crate) fn refuse(&mut self, name: &str, detail: &str) {
        self.faults.add(format!("/{name}"), detail);
    }

    /// Takes `limit`.
    pub(crate) fn take_limit(&mut self) -> Option<Limit> {
        self.take("limit", |text| {
            let number = text.parse::<u16>().ok().and_then(|items| Limit::new(items).ok());
            number.ok_or_else(|| "must be a whole number from 1 to 100".to_owned())
        })
    }

    /// Takes `limit` and `cursor`.
    pub(crate) fn take_paging(&mut self) -> Paging {
        Paging {
            limit: self.take_limit().unwrap_or(Limit::DEFAULT),
            cursor: self.take("cursor", |text| Ok(text.to_owned())),
        }
    }
}
