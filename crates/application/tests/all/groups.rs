//! Commands that wait together are committed together, and each hears of its own.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use jangteo_application::{Committer, Group, SetUseCase, Sources, group_commit};
use jangteo_shared_kernel::{StorageError, Transaction, UnitOfWork};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::shop::Shop;

const POISON: i64 = 13;
const PANIC: i64 = 666;
const AWAY: i64 = 503;

/// Books whose transactions begin when the test says so.
#[derive(Clone)]
struct Books {
    may_begin: Arc<Semaphore>,
    /// How many want to begin, or have.
    begun: Arc<AtomicUsize>,
    /// What each transaction has written, once it is committed.
    committed: Arc<Mutex<Vec<Vec<i64>>>>,
}

struct Page {
    books: Books,
    lines: Vec<i64>,
}

impl UnitOfWork for Books {
    type Tx = Page;

    async fn begin(&self) -> Result<Page, StorageError> {
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.may_begin.acquire().await.unwrap().forget();
        Ok(Page { books: self.clone(), lines: Vec::new() })
    }
}

impl Transaction for Page {
    async fn commit(self) -> Result<(), StorageError> {
        self.books.committed.lock().unwrap().push(self.lines);
        Ok(())
    }

    async fn rollback(self) -> Result<(), StorageError> {
        Ok(())
    }
}

/// Writes numbers down, and doubles them.
struct Write;

impl SetUseCase<Page> for Write {
    type Command = i64;
    type Verdict = i64;

    async fn decide(&self, page: &mut Page, numbers: &[i64]) -> Result<Vec<i64>, StorageError> {
        for number in numbers {
            match *number {
                POISON => return Err(StorageError::Fatal("poison".into())),
                PANIC => panic!("as the test wants it"),
                AWAY => return Err(StorageError::Unavailable("away".into())),
                written => page.lines.push(written),
            }
        }
        Ok(numbers.iter().map(|number| 2 * number).collect())
    }
}

struct Office {
    books: Books,
    numbers: Arc<Group<i64, i64>>,
    committer: Option<Committer<Page, Write, i64>>,
    side_by_side: NonZeroU32,
}

/// A number works on its last three digits, unless they are zeros.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "commands are larger as a rule, so they are lent")]
fn subjects(number: &i64) -> Vec<Uuid> {
    let digits = u128::try_from(number % 1_000).unwrap();
    (digits > 0).then(|| Uuid::from_u128(digits)).into_iter().collect()
}

impl Office {
    /// Books, with a committer that is not at work yet.
    fn closed() -> Self {
        let books = Books {
            may_begin: Arc::new(Semaphore::new(0)),
            begun: Arc::default(),
            committed: Arc::default(),
        };
        let (numbers, committer) =
            group_commit("write", Write, subjects, |verdict| verdict, &Self::sources());
        Self { books, numbers: Arc::new(numbers), committer: Some(committer), side_by_side: NonZeroU32::MIN }
    }

    fn sources() -> Sources {
        Shop::new().sources
    }

    /// The committer goes to work, and may begin as many transactions as it likes.
    fn open(&mut self) -> JoinHandle<()> {
        self.books.may_begin.add_permits(Semaphore::MAX_PERMITS / 2);
        tokio::spawn(self.committer.take().unwrap().run(self.books.clone(), self.side_by_side))
    }

    /// Hands numbers in, in this order, and waits for nobody.
    async fn hand_in(&self, numbers: &[i64]) -> Vec<JoinHandle<Result<i64, StorageError>>> {
        let mut waiting = Vec::new();
        for number in numbers.iter().copied() {
            let to = Arc::clone(&self.numbers);
            waiting.push(tokio::spawn(async move { to.submit(number).await }));
            // On this one thread it runs until it waits.
            tokio::task::yield_now().await;
        }
        waiting
    }

    fn committed(&self) -> Vec<Vec<i64>> {
        self.books.committed.lock().unwrap().clone()
    }
}

async fn verdicts(waiting: Vec<JoinHandle<Result<i64, StorageError>>>) -> Vec<Result<i64, String>> {
    let mut verdicts = Vec::new();
    for verdict in waiting {
        verdicts.push(verdict.await.unwrap().map_err(|error| format!("{error:?}")));
    }
    verdicts
}

#[tokio::test]
async fn what_waits_is_one_set_in_order_of_arrival() {
    let mut office = Office::closed();
    let waiting = office.hand_in(&[1, 2, 3, 4, 5]).await;
    office.open();
    assert_eq!(verdicts(waiting).await, [2, 4, 6, 8, 10].map(Ok));
    assert_eq!(office.committed(), [[1, 2, 3, 4, 5]]);
}

#[tokio::test]
async fn what_comes_during_a_transaction_is_the_next_set() {
    let mut office = Office::closed();
    let committer = office.committer.take().unwrap();
    tokio::spawn(committer.run(office.books.clone(), office.side_by_side));
    let mut waiting = office.hand_in(&[1]).await;
    waiting.extend(office.hand_in(&[2, 3]).await);
    assert!(waiting.iter().all(|verdict| !verdict.is_finished()), "nothing is answered before its commit");
    office.books.may_begin.add_permits(2);
    assert_eq!(verdicts(waiting).await, [2, 4, 6].map(Ok));
    assert_eq!(office.committed(), [vec![1], vec![2, 3]]);
}

#[tokio::test]
async fn a_poisoned_command_fails_alone() {
    for poison in [POISON, PANIC] {
        for place in 0..7 {
            let mut office = Office::closed();
            let mut numbers = vec![1, 2, 3, 4, 5, 6];
            numbers.insert(place, poison);
            let waiting = office.hand_in(&numbers).await;
            office.open();
            let verdicts = verdicts(waiting).await;
            for (number, verdict) in numbers.iter().zip(verdicts) {
                match verdict {
                    Ok(doubled) => assert_eq!(doubled, 2 * number),
                    Err(error) => assert!(*number == poison && error.contains("Fatal"), "{number}: {error}"),
                }
            }
            assert_eq!(office.committed().concat(), [1, 2, 3, 4, 5, 6], "each once and in order");
        }
    }
}

#[tokio::test]
async fn a_set_is_not_tried_again_while_the_storage_is_away() {
    let mut office = Office::closed();
    let waiting = office.hand_in(&[1, 2, AWAY, 4]).await;
    office.open();
    let verdicts = verdicts(waiting).await;
    assert!(verdicts.iter().all(|verdict| verdict.as_ref().is_err_and(|error| error.contains("away"))));
    assert_eq!(office.committed(), Vec::<Vec<i64>>::new());
    // Once it is back, all goes on.
    assert_eq!(office.numbers.submit(5).await.unwrap(), 10);
}

#[tokio::test]
async fn a_full_queue_refuses_and_takes_again_once_there_is_room() {
    let mut office = Office::closed();
    let full: Vec<i64> = (1_000..1_000 + 4_096).collect();
    let waiting = office.hand_in(&full).await;
    assert!(matches!(office.numbers.submit(1).await, Err(StorageError::Unavailable(_))));
    office.open();
    assert!(verdicts(waiting).await.iter().all(Result::is_ok));
    assert_eq!(office.numbers.submit(1).await.unwrap(), 2);
    let sets = office.committed();
    assert!(sets.iter().all(|set| set.len() <= 512), "no set is larger than it may be");
    assert_eq!(sets.concat(), [full, vec![1]].concat());
}

#[tokio::test]
async fn what_was_taken_back_is_not_done() {
    let mut office = Office::closed();
    let waiting = office.hand_in(&[1, 2, 3]).await;
    waiting[1].abort();
    tokio::task::yield_now().await;
    office.open();
    assert_eq!(office.numbers.submit(4).await.unwrap(), 8);
    assert_eq!(office.committed().concat(), [1, 3, 4]);
}

#[tokio::test]
async fn a_closed_queue_is_drained_and_takes_nothing_more() {
    let mut office = Office::closed();
    let waiting = office.hand_in(&[1, 2, 3]).await;
    office.numbers.close().await;
    let late = office.hand_in(&[4]).await;
    office.open().await.expect("the committer ends");
    assert_eq!(verdicts(waiting).await, [2, 4, 6].map(Ok));
    assert!(matches!(office.numbers.submit(5).await, Err(StorageError::Unavailable(_))));
    // What came between the two may be decided or refused, and is told which.
    let late = verdicts(late).await.remove(0);
    assert_eq!(office.committed().concat().contains(&4), late.is_ok());
}

#[tokio::test]
async fn whoever_waits_for_a_committer_that_is_gone_is_told() {
    let mut office = Office::closed();
    let waiting = office.hand_in(&[1]).await;
    drop(office.committer.take());
    assert!(verdicts(waiting).await[0].as_ref().is_err_and(|error| error.contains("Unavailable")));
    assert!(matches!(office.numbers.submit(2).await, Err(StorageError::Unavailable(_))));
}

#[tokio::test]
async fn sets_that_share_nothing_go_side_by_side_and_those_that_do_one_after_the_other() {
    let mut office = Office::closed();
    office.side_by_side = NonZeroU32::new(2).unwrap();
    let committer = office.committer.take().unwrap();
    tokio::spawn(committer.run(office.books.clone(), office.side_by_side));
    // The first has begun before the others arrive; nothing may commit yet.
    let mut waiting = office.hand_in(&[1_001]).await;
    let others: Vec<i64> = (1_002..1_032).collect();
    waiting.extend(office.hand_in(&[2_001]).await);
    waiting.extend(office.hand_in(&others).await);
    assert_eq!(office.books.begun.load(Ordering::Relaxed), 1, "too few wait for a set of their own");
    waiting.extend(office.hand_in(&[3_001]).await);
    assert_eq!(office.books.begun.load(Ordering::Relaxed), 2);
    office.books.may_begin.add_permits(9);
    let numbers = [vec![1_001, 2_001], others.clone(), vec![3_001]].concat();
    assert_eq!(verdicts(waiting).await, numbers.iter().map(|number| Ok(2 * number)).collect::<Vec<_>>());
    let sets = office.committed();
    assert!(
        sets.contains(&others),
        "they went beside the first, and the two that wait for it did not: {sets:?}"
    );
    let of_one: Vec<i64> = sets.concat().into_iter().filter(|number| number % 1_000 == 1).collect();
    assert_eq!(of_one, [1_001, 2_001, 3_001]);
}
