//! The table of routes. A route is entered with its description, so what is served and what is documented are one.

use std::collections::BTreeMap;

use actix_web::dev::{ServiceRequest, ServiceResponse, fn_service};
use actix_web::http::Method;
use actix_web::web::{self, ServiceConfig};
use actix_web::{Error, Handler, HttpRequest, HttpResponse, Resource, Responder, Route, Scope, guard};
use utoipa::__dev::{SchemaReferences, Tags};
use utoipa::Path;
use utoipa::openapi::path::{HttpMethod, Operation};
use utoipa::openapi::{RefOr, Schema};

use super::plain::Plain;
use crate::call::Promises;
use crate::metrics::RequestMeters;
use crate::problem::{Code, Problem};
use crate::rate_limits::RouteClass;

/// Named schemas, as utoipa collects them.
pub(crate) type Schemas = Vec<(String, RefOr<Schema>)>;

/// A route: its handler, and what is to be said about it.
pub(crate) struct Entry {
    pub(crate) path: String,
    pub(crate) method: HttpMethod,
    route: Route,
    pub(crate) operation: fn() -> Operation,
    pub(crate) schemas: fn(&mut Schemas),
    pub(crate) tags: fn() -> Vec<&'static str>,
    /// Which of its clients' requests count together; `None` if they are not counted.
    pub(crate) class: Option<RouteClass>,
    /// The problems that it can answer with.
    pub(crate) problems: Vec<Code>,
    /// Who gets in, as [`crate::call::Access::ROLES`] says it.
    pub(crate) roles: Option<&'static [&'static str]>,
    pub(crate) keyed: bool,
}

/// All routes.
#[derive(Default)]
pub(crate) struct Table(pub(crate) Vec<Entry>);

impl Table {
    /// Enters a route of the API. The problems that its call can meet are known from its type; `own` are those of its
    /// handler.
    pub(crate) fn add<P, F, Args>(&mut self, _: P, handler: F, class: RouteClass, own: &[Code])
    where
        P: Path + SchemaReferences + Tags<'static>,
        F: Handler<Args>,
        Args: Promises + 'static,
        F::Output: Responder + 'static,
    {
        let problems = [own, &Args::problems()].concat();
        let serve =
            |route: Route| route.service(fn_service(move |request| answer(handler.clone(), class, request)));
        self.enter::<P>(serve, Some(class), problems, Args::roles(), Args::keyed());
    }

    /// Enters a route outside the API, open to anyone.
    pub(crate) fn add_plain<P, F, Args>(&mut self, _: P, handler: F, problems: &[Code])
    where
        P: Path + SchemaReferences + Tags<'static>,
        F: Handler<Args>,
        Args: actix_web::FromRequest + Plain + 'static,
        F::Output: Responder + 'static,
    {
        self.enter::<P>(|route| route.to(handler), None, problems.to_vec(), None, false);
    }

    fn enter<P>(
        &mut self,
        serve: impl FnOnce(Route) -> Route,
        class: Option<RouteClass>,
        problems: Vec<Code>,
        roles: Option<&'static [&'static str]>,
        keyed: bool,
    ) where
        P: Path + SchemaReferences + Tags<'static>,
    {
        let method = P::methods().into_iter().next().unwrap_or(HttpMethod::Get);
        // The body of a GET is not read, whatever its size and wherever it breaks off.
        let of_bodies = [Code::BodyTooLarge, Code::MalformedRequest];
        let unread = |code: &Code| matches!(method, HttpMethod::Get) && of_bodies.contains(code);
        let problems = problems.into_iter().filter(|code| !unread(code)).collect();
        let route = match &method {
            // A HEAD is a GET whose body stays here.
            HttpMethod::Get => Route::new().guard(guard::Any(guard::Get()).or(guard::Head())),
            other => Route::new().method(http(other)),
        };
        let route = serve(route);
        let (operation, schemas, tags) = (P::operation, P::schemas, P::tags);
        self.0.push(Entry {
            path: P::path(),
            method,
            route,
            operation,
            schemas,
            tags,
            class,
            problems,
            roles,
            keyed,
        });
    }

    /// Serves the routes. Whatever else is asked of their addresses is a 405 that names what they have.
    pub(crate) fn serve(self, config: &mut ServiceConfig, meters: &RequestMeters) {
        let mut resources: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
        for entry in self.0 {
            resources.entry(entry.path.clone()).or_default().push(entry);
        }
        let mut scopes: BTreeMap<String, Scope> = BTreeMap::new();
        for (path, entries) in resources {
            let allow = allow(entries.iter().map(|entry| &entry.method));
            let (scope, rest) = path.split_at(scope_of(&path));
            let resource = entries.into_iter().fold(Resource::new(rest), |all, entry| all.route(entry.route));
            let resource = resource.default_service(web::to(refuse(allow))).app_data(meters.at(&path));
            if rest.len() == path.len() {
                config.service(resource);
            } else {
                let known = scopes.remove(scope).unwrap_or_else(|| web::scope(scope));
                scopes.insert(scope.to_owned(), known.service(resource));
            }
        }
        for scope in scopes.into_values() {
            config.service(scope);
        }
    }
}

/// Has a handler answer a request to a route of this class.
async fn answer<F, Args>(
    handler: F,
    class: RouteClass,
    request: ServiceRequest,
) -> Result<ServiceResponse, Error>
where
    F: Handler<Args>,
    Args: Promises,
    F::Output: Responder + 'static,
{
    let (request, mut payload) = request.into_parts();
    let answer = match Args::of(request.clone(), &mut payload, class).await {
        Ok(args) => handler.call(args).await.respond_to(&request).map_into_boxed_body(),
        Err(problem) => HttpResponse::from_error(problem),
    };
    Ok(ServiceResponse::new(request, answer))
}

/// How much of a path all resources of one kind share, such as `/api/v1/orders`. An address is compared with that first, and
/// then with the few patterns behind it; each pattern costs a regular expression.
fn scope_of(path: &str) -> usize {
    const API: &str = "/api/v1/";
    match path.strip_prefix(API) {
        Some(rest) => API.len() + rest.find('/').unwrap_or(rest.len()),
        None => 0,
    }
}

/// A handler that refuses every method but these.
pub(crate) fn refuse(allow: String) -> impl Handler<(HttpRequest,), Output = Result<HttpResponse, Problem>> {
    move |_: HttpRequest| {
        let allow = allow.clone();
        async move { Err::<HttpResponse, _>(Problem::method_not_allowed(allow)) }
    }
}

fn allow<'a>(methods: impl Iterator<Item = &'a HttpMethod>) -> String {
    let mut names: Vec<&str> = Vec::new();
    for method in methods {
        match method {
            HttpMethod::Get => names.extend(["GET", "HEAD"]),
            other => names.push(name(other)),
        }
    }
    names.sort_unstable();
    names.join(", ")
}

fn http(method: &HttpMethod) -> Method {
    Method::from_bytes(name(method).as_bytes()).unwrap_or(Method::GET)
}

/// A method as HTTP writes it.
pub(crate) fn name(method: &HttpMethod) -> &'static str {
    match method {
        HttpMethod::Get => "GET",
        HttpMethod::Post => "POST",
        HttpMethod::Put => "PUT",
        HttpMethod::Delete => "DELETE",
        HttpMethod::Options => "OPTIONS",
        HttpMethod::Head => "HEAD",
        HttpMethod::Patch => "PATCH",
        HttpMethod::Trace => "TRACE",
    }
}
