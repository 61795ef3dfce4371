use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use jangteo_application::SharedMoment;
use jangteo_product::{ProductFilter, ProductList, ProductQueries, ProductSort, ProductStatus};
use jangteo_security::{FieldKeys, SealedFields, SystemEntropy};
use jangteo_shared_kernel::{Clock, Entropy, Limit, PageRequest, ProductId};
use jangteo_storage_sea_orm::{SeaOrmStorage, StorageOptions, WrittenProducts};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet, yield_now};

use super::*;

struct Hands(Mutex<Timestamp>);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

struct NoChance;

impl Entropy for NoChance {
    fn fill(&self, _: &mut [u8]) {
        panic!("nothing is drawn");
    }
}

/// What instances share: answers with what is left of their lives, and messages.
#[derive(Clone, Default)]
struct Shared {
    answers: Arc<Mutex<BTreeMap<String, (FinishedAnswer, Duration)>>>,
    told: Arc<Mutex<Vec<BTreeSet<ProductId>>>>,
}

impl SharedAnswers for Shared {
    async fn find(&self, name: &str) -> SharedAnswer {
        match self.answers.lock().unwrap().get(name).cloned() {
            Some((answer, left)) => SharedAnswer::Found(answer, left),
            None => SharedAnswer::Missing(SharedMoment(7)),
        }
    }

    async fn put(&self, name: &str, answer: &FinishedAnswer, missing: SharedMoment, life: Duration) {
        assert_eq!(missing, SharedMoment(7));
        self.answers.lock().unwrap().insert(name.to_owned(), (answer.clone(), life));
    }

    async fn tell(&self, written: &BTreeSet<ProductId>) {
        self.told.lock().unwrap().push(written.clone());
    }

    async fn listen(&self, mut hear: impl FnMut(BTreeSet<ProductId>) + Send) {
        let told = std::mem::take(&mut *self.told.lock().unwrap());
        told.into_iter().for_each(&mut hear);
    }
}

/// An instance of a shop.
#[derive(Clone)]
struct Instance {
    kept: Arc<Kept<Shared>>,
    writes: Arc<Writes>,
    clock: Arc<Hands>,
    made: Arc<AtomicU32>,
}

fn id(n: u32) -> ProductId {
    format!("01900000-0000-7000-8000-{n:012x}").parse().unwrap()
}

const LIST: AnswerName =
    AnswerName::Products { status: ProductStatus::OnSale, sort: ProductSort::Newest, limit: 20 };

fn ranking() -> AnswerName {
    let from = Timestamp::UNIX_EPOCH;
    AnswerName::Popular { window: "today", from, until: from + LIFE_DELTA, limit: 10 }
}

fn body(text: impl Into<String>) -> Finished {
    Finished::untagged(Bytes::from(text.into()))
}

impl Instance {
    fn sharing(shared: &Shared) -> Self {
        let clock = Arc::new(Hands(Mutex::new(Timestamp::UNIX_EPOCH + TimeDelta::days(20_000))));
        let sources = Sources::new(Arc::clone(&clock) as _, Arc::new(NoChance));
        let writes = Arc::new(Writes::new());
        let kept = Arc::new(Kept::new(sources, Arc::clone(&writes), shared.clone(), KeptMeters::new()));
        Self { kept, writes, clock, made: Arc::default() }
    }

    fn new() -> Self {
        Self::sharing(&Shared::default())
    }

    /// The number of the making that answers.
    async fn get(&self, name: AnswerName) -> u32 {
        let make = || async { Ok(body(self.made.fetch_add(1, Ordering::Relaxed).to_string())) };
        let finished = self.kept.get(name, make).await.unwrap();
        std::str::from_utf8(&finished.body).unwrap().parse().unwrap()
    }

    /// Begins to make an answer, which ends when it is told to.
    async fn begin(
        &self,
        name: AnswerName,
        text: &'static str,
    ) -> (oneshot::Sender<()>, JoinHandle<Finished>) {
        let (go, wait) = oneshot::channel::<()>();
        let (started, begun) = oneshot::channel::<()>();
        let kept = Arc::clone(&self.kept);
        let making = tokio::spawn(async move {
            let make = || async move {
                started.send(()).unwrap();
                wait.await.unwrap();
                Ok(body(text))
            };
            kept.get(name, make).await.unwrap()
        });
        begun.await.unwrap();
        (go, making)
    }

    fn write(&self, product: u32, catalogue: bool) {
        self.writes.note(&WrittenProducts { ids: [id(product)].into(), catalogue }, self.clock.now());
    }

    fn turn(&self, milliseconds: i64) {
        *self.clock.0.lock().unwrap() += TimeDelta::milliseconds(milliseconds);
    }
}

/// Lets whoever can go on do so.
async fn settle() {
    for _ in 0..1_000 {
        yield_now().await;
    }
}

#[tokio::test]
async fn two_hundred_who_ask_at_once_get_what_is_made_once() {
    let shop = Instance::new();
    let (go, first) = shop.begin(LIST, "first").await;
    let mut others = JoinSet::new();
    for _ in 0..200 {
        let kept = Arc::clone(&shop.kept);
        others.spawn(async move { kept.get(LIST, async || panic!("it is being made")).await.unwrap() });
    }
    settle().await;
    go.send(()).unwrap();
    assert_eq!(others.join_all().await, vec![body("first"); 200]);
    assert_eq!(first.await.unwrap(), body("first"));
    assert_eq!(shop.get(AnswerName::Product(id(1))).await, 0);
}

/// The same with a database, whose statements are counted.
#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_who_miss_at_once_are_one_query() {
    let folder = tempfile::tempdir().unwrap();
    let statements = Arc::new(AtomicU32::new(0));
    let mut options = StorageOptions::new(format!("sqlite://{}", folder.path().join("shop.db").display()));
    let ran = Arc::clone(&statements);
    options.on_statement = Some(Arc::new(move |_| {
        ran.fetch_add(1, Ordering::Relaxed);
    }));
    let keys = FieldKeys::generate(&SystemEntropy);
    let cipher = Arc::new(SealedFields::new(&keys, Arc::new(SystemEntropy)));
    let storage = SeaOrmStorage::connect(&options, cipher).await.unwrap();
    storage.migrate().await.unwrap();
    let query = ProductList {
        filter: ProductFilter { name_prefix: None, status: ProductStatus::OnSale },
        sort: ProductSort::Newest,
        page: PageRequest { limit: Limit::DEFAULT, after: None },
    };
    statements.store(0, Ordering::Relaxed);
    storage.list_products(&query).await.unwrap();
    let a_query = statements.swap(0, Ordering::Relaxed);
    assert!(a_query > 0);

    let shop = Instance::new();
    let mut asking = JoinSet::new();
    for _ in 0..200 {
        let (kept, storage, query) = (Arc::clone(&shop.kept), storage.clone(), query.clone());
        asking.spawn(async move {
            let make = || async { Ok(body(storage.list_products(&query).await?.items.len().to_string())) };
            kept.get(LIST, make).await.unwrap()
        });
    }
    assert_eq!(asking.join_all().await, vec![body("0"); 200]);
    assert_eq!(statements.load(Ordering::Relaxed), a_query);
}

#[tokio::test]
async fn what_was_begun_before_a_write_answers_nobody_who_asks_after_it() {
    let shop = Instance::new();
    for (name, catalogue) in [(AnswerName::Product(id(1)), false), (LIST, false), (ranking(), true)] {
        let (go, old) = shop.begin(name.clone(), "old").await;
        shop.write(1, catalogue);
        let (new_go, new) = shop.begin(name.clone(), "new").await;
        // The old one ends last, and does not take the new one's place.
        new_go.send(()).unwrap();
        assert_eq!(new.await.unwrap(), body("new"));
        go.send(()).unwrap();
        assert_eq!(old.await.unwrap(), body("old"), "whoever asked before the write may have it");
        let made = async || panic!("{name:?} is there");
        assert_eq!(shop.kept.get(name.clone(), made).await.unwrap(), body("new"));
        shop.turn(5_000);
    }
}

#[tokio::test]
async fn a_write_makes_old_what_shows_it_and_nothing_else() {
    let shop = Instance::new();
    let names = [AnswerName::Product(id(1)), AnswerName::Product(id(2)), LIST, ranking()];
    let all = async || {
        let mut made = Vec::new();
        for name in names.clone() {
            made.push(shop.get(name).await);
        }
        made
    };
    assert_eq!(all().await, [0, 1, 2, 3]);
    assert_eq!(all().await, [0, 1, 2, 3]);
    shop.write(1, false);
    assert_eq!(all().await, [4, 1, 5, 3], "a ranking counts sales by itself");
    shop.write(1, true);
    assert_eq!(all().await, [6, 1, 7, 8]);
}

#[tokio::test]
async fn an_answer_is_good_for_a_second_from_before_it_was_read() {
    let shop = Instance::new();
    assert_eq!(shop.get(LIST).await, 0);
    shop.turn(999);
    assert_eq!(shop.get(LIST).await, 0);
    shop.kept.second.answers.lock().unwrap().clear();
    shop.turn(1);
    assert_eq!(shop.get(LIST).await, 1);
    // A clock that was set back.
    shop.kept.second.answers.lock().unwrap().clear();
    shop.turn(-500);
    assert_eq!(shop.get(LIST).await, 2);

    // What takes long is old when it comes.
    let (go, slow) = shop.begin(ranking(), "slow").await;
    shop.turn(1_000);
    assert_eq!(shop.get(ranking()).await, 3);
    go.send(()).unwrap();
    assert_eq!(slow.await.unwrap(), body("slow"));
    assert_eq!(shop.get(ranking()).await, 3);
}

#[tokio::test]
async fn what_another_instance_has_made_is_good_for_what_is_left_of_its_life() {
    let shared = Shared::default();
    let (one, other) = (Instance::sharing(&shared), Instance::sharing(&shared));
    let tagged = Finished { body: Bytes::from("{}"), tag: Some(HeaderValue::from_static("\"1.1\"")) };
    let made = one.kept.get(LIST, async || Ok(tagged.clone())).await.unwrap();
    assert_eq!(made, tagged);
    let known = async || panic!("another instance has made it");
    assert_eq!(other.kept.get(LIST, known).await.unwrap(), tagged);

    let fresh = Instance::sharing(&shared);
    let left = Duration::from_millis(100);
    shared.answers.lock().unwrap().values_mut().for_each(|(_, life)| *life = left);
    assert_eq!(fresh.kept.get(LIST, known).await.unwrap(), tagged);
    fresh.turn(99);
    assert_eq!(fresh.kept.get(LIST, known).await.unwrap(), tagged);
    shared.answers.lock().unwrap().clear();
    fresh.turn(1);
    assert_eq!(fresh.get(LIST).await, 0);
}

#[tokio::test]
async fn a_writer_does_not_take_from_others_what_may_be_older_than_the_write() {
    let shared = Shared::default();
    let (one, other) = (Instance::sharing(&shared), Instance::sharing(&shared));
    let name = AnswerName::Product(id(1));
    one.write(1, false);
    // The other began to read before the write, and puts it in after it.
    other.kept.get(name.clone(), async || Ok(body("old"))).await.unwrap();
    assert_eq!(one.kept.get(name.clone(), async || Ok(body("new"))).await.unwrap(), body("new"));
    // What it has made itself is too old by now, and the write is not.
    one.turn(1_000);
    assert_eq!(one.kept.get(name.clone(), async || Ok(body("newer"))).await.unwrap(), body("newer"));
    assert_eq!(shared.answers.lock().unwrap()[&name.to_string()].0.body, b"old", "nor put anything in");
    // Whatever is there now was begun after the write.
    one.turn(1_000);
    assert_eq!(one.kept.get(name, async || Ok(body("newest"))).await.unwrap(), body("old"));
}

#[tokio::test]
async fn others_hear_of_what_was_written_in_one_message() {
    let shared = Shared::default();
    let (one, other) = (Instance::sharing(&shared), Instance::sharing(&shared));
    let names = [1, 2, 3].map(|n| AnswerName::Product(id(n)));
    for (name, number) in names.clone().into_iter().zip(0..) {
        assert_eq!(other.get(name).await, number);
    }
    one.write(1, false);
    one.write(2, true);
    one.write(1, false);
    let telling = tokio::spawn({
        let one = one.clone();
        async move { one.kept.tell().await }
    });
    settle().await;
    telling.abort();
    assert_eq!(*shared.told.lock().unwrap(), [BTreeSet::from([id(1), id(2)])]);
    other.kept.listen().await;
    for (name, number) in names.into_iter().zip([3, 4, 2]) {
        assert_eq!(
            other.get(name).await,
            number,
            "what it had made before is not taken from the second level"
        );
    }
    one.write(3, false);
    assert!(tokio::time::timeout(Duration::ZERO, one.kept.tell()).await.is_err());
    assert_eq!(*shared.told.lock().unwrap(), [BTreeSet::from([id(3)])]);
}

#[tokio::test]
async fn a_maker_that_goes_away_is_followed_by_another() {
    let shop = Instance::new();
    {
        let given_up = shop.kept.get(LIST, async || pending().await);
        tokio::select! {
            biased;
            _ = given_up => panic!("it has no end"),
            () = yield_now() => {}
        }
    }
    assert_eq!(shop.get(LIST).await, 0);
}

#[tokio::test]
async fn a_problem_is_told_and_not_kept() {
    let shop = Instance::new();
    let problem = Problem::not_found();
    assert_eq!(shop.kept.get(LIST, async || Err(problem.clone())).await, Err(problem));
    assert_eq!(shop.kept.second.answers.lock().unwrap().len(), 0);
    assert_eq!(shop.get(LIST).await, 0);
}
