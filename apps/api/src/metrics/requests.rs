//! Requests by route, method and class of status, and how long they took.

use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::{Method, StatusCode};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;

use super::route::{CLASSES, RouteMeter};
use crate::routes::table::{Table, name};

/// The meters of all routes. Clones count together.
#[derive(Debug, Clone)]
pub(crate) struct RequestMeters {
    routes: Arc<[Route]>,
    /// What met no route, or none with its method, or was given up.
    elsewhere: Arc<RouteMeter>,
}

#[derive(Debug)]
struct Route {
    method: &'static str,
    pattern: String,
    meter: Arc<RouteMeter>,
}

/// The meters of an address. Its resource carries them, so that a request finds them where it is led and looks nothing up.
#[derive(Debug, Clone)]
pub(crate) struct AddressMeters(Rc<Address>);

#[derive(Debug)]
struct Address {
    pattern: String,
    methods: Vec<(&'static str, Arc<RouteMeter>)>,
    elsewhere: Arc<RouteMeter>,
}

impl RequestMeters {
    /// Meters for the routes of a table, and one for all else.
    pub(crate) fn of(table: &Table) -> Self {
        let elsewhere = Arc::new(RouteMeter::new());
        let none = Route { method: "-", pattern: "-".to_owned(), meter: Arc::clone(&elsewhere) };
        let routes = table.0.iter().map(|entry| Route {
            method: name(&entry.method),
            pattern: entry.path.clone(),
            meter: Arc::new(RouteMeter::new()),
        });
        Self { routes: routes.chain([none]).collect(), elsewhere }
    }

    /// Those of an address, by its pattern.
    pub(crate) fn at(&self, pattern: &str) -> AddressMeters {
        let here = self.routes.iter().filter(|route| route.pattern == pattern);
        let methods = here.map(|route| (route.method, Arc::clone(&route.meter))).collect();
        let elsewhere = Arc::clone(&self.elsewhere);
        AddressMeters(Rc::new(Address { pattern: pattern.to_owned(), methods, elsewhere }))
    }

    /// Counts a request that met no route.
    pub(crate) fn count_elsewhere(&self, status: StatusCode, time: Duration) {
        self.elsewhere.count(status, time);
    }
}

impl AddressMeters {
    /// The pattern of the address.
    pub(crate) fn pattern(&self) -> &str {
        &self.0.pattern
    }

    /// Counts a request. A HEAD is a GET whose body stays here.
    pub(crate) fn count(&self, method: &Method, status: StatusCode, time: Duration) {
        let method = if method == Method::HEAD { "GET" } else { method.as_str() };
        let known = self.0.methods.iter().find(|(name, _)| *name == method);
        known.map_or(&self.0.elsewhere, |(_, meter)| meter).count(status, time);
    }
}

impl Collector for RequestMeters {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let help = "Requests answered, by route and class of status; \"-\" met no route or was given up";
        let mut family = encoder.encode_descriptor("http_requests", help, None, MetricType::Counter)?;
        for Route { method, pattern, meter } in self.routes.iter() {
            for (status, count) in CLASSES.into_iter().zip(meter.by_class()) {
                let labels = [("method", *method), ("route", pattern), ("status", status)];
                family.encode_family(&labels)?.encode_counter::<NoLabelSet, u64, f64>(&count, None)?;
            }
        }
        let help = "How long requests took, from their head to their answer";
        let histogram = MetricType::Histogram;
        let mut family =
            encoder.encode_descriptor("http_request_time", help, Some(&Unit::Seconds), histogram)?;
        for Route { method, pattern, meter } in self.routes.iter() {
            let labels = [("method", *method), ("route", pattern)];
            let spans = meter.by_time();
            let count = spans.iter().map(|(_, count)| count).sum();
            family.encode_family(&labels)?.encode_histogram::<NoLabelSet>(
                meter.time(),
                count,
                &spans,
                None,
            )?;
        }
        Ok(())
    }
}
