/*
 * Promotion: events about an application that no alias names yet are parked, and recorded once it is registered. None is
 * lost and none is recorded twice, also while the alias goes from an erased application to another one.
 *
 * Stands for:
 *   applications/parked.py: ParkedEvents.park, ParkedEvents.replay
 *   applications/positions_stream.py: positions_stream
 *   applications/register.py: Registrations.register
 *   applications/erase.py: Erasure.erase
 *   intake/connect/receive.py: Receiver._change
 *
 * Always true:
 *   - An event is recorded once in an application, and in none that is erased.
 *   - The head of an application is its newest event, whatever the order in which they were recorded.
 *   - When all calls have ended and all records of the stream were processed, each event that was accepted is recorded in
 *     an application that had the alias, or it is parked, and then no application has the alias.
 *
 * There are two events, and two applications that get the same alias one after the other. Each event is delivered until
 * it is accepted. Each record of the stream is processed until it succeeds, and perhaps again.
 */

#ifndef SENT
#define SENT 2   /* the number of events that are sent */
#endif
#define EVENTS 2
#define NOBODY 2

/* The Aliases table: whose the alias is, and the events that are parked. Its stream has a record for each application. */
byte alias = NOBODY;
bool parked[EVENTS + 1];
bool pending[2];    /* the record is not processed yet */

/* The Applications table. */
bool stored[2], erased[2];
bool recorded[4];   /* by application and event, see AT */
byte head[2];

bool accepted[EVENTS + 1];
byte active_calls;

#define AT(application, event) ((application) * EVENTS + (event) - 1)
#define IS_RECORDED(event) (recorded[AT(0, event)] || recorded[AT(1, event)])
#define IS_SAFE(event) (!accepted[event] || IS_RECORDED(event) || (parked[event] && alias == NOBODY))

/* A process may be killed before each of its writes. */
inline may_be_killed() {
    if
    :: goto killed
    :: true
    fi
}

/* Applications.record: UpdateItem, if the application is not erased and does not have the event yet. */
inline record(application, event) {
    was_recorded = stored[application] && !erased[application];
    if
    :: was_recorded && !recorded[AT(application, event)] ->
        recorded[AT(application, event)] = true;
        head[application] = (event > head[application] -> event : head[application])
    :: else
    fi;
    assert(!recorded[AT(application, EVENTS)] || head[application] == EVENTS)
}

/* ParkedEvents.replay: Query, then for each event, the oldest first, the report and BatchWriteItem. */
inline replay(application) {
    atomic { found[1] = parked[1]; found[2] = parked[2]; event_of_replay = 1 }
    do
    :: atomic { event_of_replay <= EVENTS && found[event_of_replay] ->
        may_be_killed();
        record(application, event_of_replay)
#ifndef FAULT_EVENTS_OF_AN_ERASED_APPLICATION_ARE_DELETED
        ;
        found[event_of_replay] = was_recorded
#endif
        }
        atomic {
            may_be_killed();
            if
            :: found[event_of_replay] -> parked[event_of_replay] = false
            :: !found[event_of_replay]   /* the application was erased meanwhile; the event stays parked */
            fi;
            event_of_replay++; was_recorded = false
        }
    :: atomic { event_of_replay <= EVENTS && !found[event_of_replay] -> event_of_replay++ }
    :: atomic { event_of_replay > EVENTS -> event_of_replay = 0; break }
    od;
    atomic { found[1] = 0; found[2] = 0 }
}

/* The function of the webhooks: Receiver._change for one event. */
proctype Receiver(byte event) {
    byte owner, event_of_replay;
    bool found[EVENTS + 1], was_recorded;

begin:
    atomic { owner = alias }   /* AliasTable.native: BatchGetItem or Query */
    if
    :: atomic { owner != NOBODY ->   /* Applications.record */
        may_be_killed();
        record(owner, event);
        accepted[event] = accepted[event] || was_recorded;
        was_recorded = false;
        goto ended   /* recorded, or dropped, if it was erased meanwhile */
    }
    :: owner == NOBODY
    fi;
#ifdef FAULT_AN_EVENT_IS_PARKED_WITHOUT_A_SECOND_LOOK
    atomic { parked[event] = true; owner = NOBODY };
#else
    atomic { may_be_killed(); parked[event] = true }   /* ParkedEvents.park: PutItem */
    atomic { owner = alias };                          /* AliasTable.native: BatchGetItem or Query */
#endif
    if
    :: owner != NOBODY -> replay(owner)
    :: owner == NOBODY
    fi;
    atomic { accepted[event] = true; goto ended }
killed:   /* the event is not accepted, and sent again */
    atomic { owner = 0; event_of_replay = 0; found[1] = 0; found[2] = 0; was_recorded = 0; goto begin }
ended:
    atomic { active_calls--; assert(active_calls || pending[0] || pending[1] || (IS_SAFE(1) && IS_SAFE(2))) }
}

/* The board registers an application, erases it, and registers another one with the same alias; or it stops before. */
proctype Board() {
    atomic { stored[0] = true; alias = 0; pending[0] = true }   /* Registrations.register: TransactWriteItems */
    if
    :: goto ended
    :: atomic { alias = NOBODY }                                  /* Erasure.erase: DeleteItem */
    fi;
    atomic { erased[0] = true }                                   /* PutItem of the tombstone */
    if
    :: goto ended
    :: atomic { stored[1] = true; alias = 1; pending[1] = true }  /* Registrations.register: TransactWriteItems */
    fi;
ended:
    atomic { active_calls--; assert(active_calls || pending[0] || pending[1] || (IS_SAFE(1) && IS_SAFE(2))) }
}

/* The function of the Aliases table's stream: positions_stream. */
active proctype Stream() {
    byte owner, event_of_replay;
    bool found[EVENTS + 1], was_recorded;

end:
    atomic {
        if
        :: stored[0] -> owner = 0
        :: stored[1] -> owner = 1
        fi
    }
    replay(owner);
    atomic {
        pending[owner] = false;
        assert(active_calls || pending[0] || pending[1] || (IS_SAFE(1) && IS_SAFE(2)))
    }
killed:   /* the record comes again */
    atomic { owner = 0; event_of_replay = 0; found[1] = 0; found[2] = 0; was_recorded = 0; goto end }
}

init {
    atomic {
        active_calls = 1 + SENT;
        run Board(); run Receiver(1);
#if SENT == 2
        run Receiver(2)
#endif
    }
}
