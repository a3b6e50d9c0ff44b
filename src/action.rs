//! What a key can mean. An [`Action`] is a wish of the hand; what happened is an `Event` and what
//! is wanted of the machines is an `Effect`, both in [`crate::app`].

/// The screens, in the order of their digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Screen {
    #[default]
    Library,
    Queue,
    Sing,
    Jobs,
    /// Over Sing, for the words of its song; not among those that Tab goes through.
    Editor,
}

impl Screen {
    /// Those with a digit and a tab.
    pub const ALL: [Self; 4] = [Self::Library, Self::Queue, Self::Sing, Self::Jobs];

    pub fn name(self) -> &'static str {
        match self {
            Self::Library => "Library",
            Self::Queue => "Queue",
            Self::Sing => "Sing",
            Self::Jobs => "Jobs",
            Self::Editor => "Editor",
        }
    }

    /// The digit that leads here, and the way back from [`Screen::from_index`].
    pub fn index(self) -> usize {
        self as usize
    }

    /// Screens form a ring for Tab.
    pub fn from_index(index: usize) -> Self {
        Self::ALL[index % Self::ALL.len()]
    }
}

/// What a mouse does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gesture {
    /// The left button goes down.
    Press,
    /// The mouse moves with it held.
    Drag,
    WheelUp,
    WheelDown,
}

/// Everything a key can mean. Names, help texts and default keys stand in
/// [`crate::keymap::defaults`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    // everywhere
    Quit,
    Help,
    Find,
    Filter,
    Library,
    Queue,
    Sing,
    Jobs,
    ToggleJobs,
    NextScreen,
    PreviousScreen,
    Back,
    Suspend,
    Redraw,
    // playback
    PlayPause,
    SeekBack,
    SeekForward,
    SeekBackFar,
    SeekForwardFar,
    Restart,
    PreviousSong,
    NextSong,
    VolumeDown,
    VolumeUp,
    Mute,
    Outputs,
    // the voice
    VocalsDown,
    VocalsUp,
    VocalsDownFine,
    VocalsUpFine,
    VocalsToggle,
    VocalsSolo,
    // key and tempo
    KeyDown,
    KeyUp,
    TempoDown,
    TempoUp,
    KeyTempoReset,
    // the lyrics
    NextLine,
    PreviousLine,
    RepeatLine,
    LookOn,
    LookBack,
    SingLine,
    LyricsSooner,
    LyricsLater,
    LyricsSource,
    Readings,
    TakeOffset,
    EditLyrics,
    // the editor of times
    Tap,
    EndLine,
    StepBack,
    HearLine,
    StampSooner,
    StampLater,
    StampSoonerFar,
    StampLaterFar,
    NextRow,
    PreviousRow,
    NextWord,
    PreviousWord,
    ByWords,
    ClearStamp,
    DeleteLine,
    UndoStamp,
    RedoStamp,
    SaveLyrics,
    LeaveEditor,
    // the loop
    LoopIn,
    LoopOut,
    // lists
    Down,
    Up,
    HalfPageDown,
    HalfPageUp,
    Top,
    Bottom,
    ToPlaying,
    SingThis,
    // library
    FindNext,
    FindPrevious,
    AddToQueue,
    PlayNext,
    Separate,
    SeparateShown,
    SortArtist,
    SortTitle,
    SortAdded,
    SortPlays,
    SortSung,
    Pin,
    Rescan,
    // queue and jobs
    MoveDown,
    MoveUp,
    Remove,
    ClearQueue,
    Undo,
    Shuffle,
    Repeat,
    Singer,
    SaveList,
    LoadList,
    History,
    CancelJob,
    RetryJob,
    RetryAll,
}

impl Action {
    /// The last variant; `defaults` checks its table against it.
    pub const LAST: Self = Self::RetryAll;
}
