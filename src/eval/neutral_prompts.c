/* What a model is asked to see whether it still writes: open questions, whose answers are a few sentences long. */
#include "eval/fluency.h"
#include "base/banned.h"

const char *const bf_neutral_prompts[] = {
    "Describe a walk in the woods on an autumn morning.",
    "Explain in a few sentences why the sky looks blue.",
    "How do I make a simple vegetable soup?",
    "What should I think about before I buy a bicycle?",
    "Write a short letter that thanks a neighbour for watering the plants.",
    "Why is it useful to sleep well before an exam?",
    "Describe how a letter gets from the sender to the reader.",
    "What are good ways to learn a new language?",
    "Explain to a child what a map is for.",
    "Tell a short story about a lost umbrella.",
    "What can one see at a market in a small town?",
    "How does bread rise?",
    "Name some reasons to keep a diary, and explain one of them.",
    "What is the difference between weather and climate?",
    "Give advice to somebody who moves to a new city.",
    "Describe what happens when water boils.",
    "Why do many people like music?",
    "How can a small garden be looked after in summer?",
    "Write a polite message that asks for a meeting next week.",
    "What makes a good teacher?",
    "Explain how a library works.",
    "What does a day on a farm look like?",
    "Why is it important to drink enough water?",
    "Describe a room that is good to work in.",
    NULL,
};
