//! What a server has counted.

use std::collections::BTreeMap;

use super::Api;

/// What `GET /metrics` told at one moment.
#[derive(Debug)]
pub(crate) struct Figures {
    /// A value, as it was written, for each series, such as `name{label="value"}`.
    pub(crate) series: BTreeMap<String, String>,
}

impl Figures {
    pub(crate) async fn of(api: &Api) -> Self {
        let metrics = api.get("//metrics").await.is(200);
        assert_eq!(metrics.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
        let lines = metrics.text.lines().filter(|line| !line.starts_with('#'));
        let series = lines.map(|line| line.rsplit_once(' ').expect("a series and its value"));
        Self { series: series.map(|(series, value)| (series.to_owned(), value.to_owned())).collect() }
    }

    /// A figure that is a whole number.
    #[track_caller]
    pub(crate) fn count(&self, series: &str) -> u64 {
        let value = self.series.get(series).unwrap_or_else(|| panic!("no {series} in {:#?}", self.series));
        value.parse().expect("a whole number")
    }
}

/// A figure of `GET /metrics` that is a whole number.
pub(crate) async fn figure(api: &Api, series: &str) -> u64 {
    Figures::of(api).await.count(series)
}
