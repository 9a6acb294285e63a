"""A configuration tree of the shape of open-unlearning's, as far as a set that is copied into it can notice: which groups
there are, where they land, which keys its loaders read. Written for this test; names and keys are facts of that project, the
values are made up."""
import os

TREE = {
    "configs/unlearn.yaml": """
defaults:
  - model: Example-3B
  - trainer: GradAscent
  - data: unlearn
  - collator: Padding
  - eval: benchmark
  - paths: default
  - experiment: null
  - _self_
trainer:
  args:
    remove_unused_columns: False
mode: unlearn
task_name: ???
""",
    "configs/model/Example-3B.yaml": """
model_args: {pretrained_model_name_or_path: example/example-3b}
tokenizer_args: {pretrained_model_name_or_path: example/example-3b}
template_args: {apply_chat_template: True, system_prompt: Be brief.}
""",
    "configs/model/Plain-1B.yaml": """
model_args: {pretrained_model_name_or_path: example/plain-1b}
tokenizer_args: {pretrained_model_name_or_path: example/plain-1b}
template_args:
  apply_chat_template: False
  user_start_tag: "Question: "
  user_end_tag: "\\n"
  asst_start_tag: "Answer: "
  asst_end_tag: "\\n\\n"
""",
    "configs/trainer/finetune.yaml": """
handler: FinetuneTrainer
args:
  per_device_train_batch_size: 8
  gradient_accumulation_steps: 2
  learning_rate: 1e-5
  output_dir: ${paths.output_dir}
  do_eval: True
  eval_on_start: True
  eval_strategy: epoch
  num_train_epochs: 10
""",
    "configs/trainer/GradAscent.yaml": "defaults:\n  - finetune\nhandler: GradAscent\n",
    "configs/trainer/GradDiff.yaml": "defaults:\n  - finetune\nhandler: GradDiff\nmethod_args: {gamma: 1.0, alpha: 1.0}\n",
    "configs/trainer/NPO.yaml": "defaults:\n  - GradDiff\nhandler: NPO\nmethod_args: {beta: 0.1}\n",
    "configs/trainer/DPO.yaml": "defaults:\n  - GradDiff\nhandler: DPO\nmethod_args: {beta: 0.3}\n",
    "configs/trainer/SimNPO.yaml": "defaults:\n  - GradDiff\nhandler: SimNPO\nmethod_args: {beta: 3.0, delta: 0.5}\n",
    "configs/trainer/RMU.yaml": """
defaults:
  - GradDiff
handler: RMU
method_args:
  steering_coeff: 3
  module_regex: model\\.layers\\.2
  trainable_params_regex:
    - .*
""",
    "configs/data/unlearn.yaml": """
defaults:
  - datasets@forget: Other_forget
  - datasets@retain: Other_retain
  - datasets@eval: null
anchor: forget
""",
    "configs/data/datasets/Other_forget.yaml": """
Other_forget:
  handler: QADataset
  args:
    hf_args: {path: example/other, name: forget10, split: train}
    question_key: question
    answer_key: answer
    max_length: 64
""",
    "configs/data/datasets/Other_retain.yaml": """
Other_retain:
  handler: PretrainingDataset
  args:
    hf_args: {path: example/other, name: raw, split: retain1}
    text_key: text
    max_length: 64
""",
    # A loader gives what it was made with, and the rows of its file; the trainer says what it was given.
    "src/data/__init__.py": """
import json

DATASET_REGISTRY = {}


def loader(name):
    class Loader:
        def __init__(self, hf_args, tokenizer, template_args, **args):
            with open(hf_args["data_files"], encoding="utf-8") as f:
                self.rows = [dict(json.loads(line), handler=name) for line in f]

        def __len__(self):
            return len(self.rows)

        def __getitem__(self, i):
            return self.rows[i]

    DATASET_REGISTRY[name] = Loader


for name in ("QADataset", "CompletionDataset"):
    loader(name)
""",
    "src/train.py": """
import json

import hydra
from data import DATASET_REGISTRY


@hydra.main(version_base=None, config_path="../configs", config_name="train.yaml")
def main(cfg):
    (entry,) = cfg.data.forget.values()
    forget = DATASET_REGISTRY[entry.handler](**entry.args, tokenizer=None, template_args=None)
    print(json.dumps([forget[i] for i in range(len(forget))]))


main()
""",
    "configs/collator/Padding.yaml": "Padding:\n  handler: Padding\n  args: {padding_side: right}\n",
    "configs/eval/benchmark.yaml": "# @package eval.benchmark\nhandler: Benchmark\noutput_dir: ${paths.output_dir}\n",
    "configs/paths/default.yaml": """
root_dir: .
data_dir: ${paths.root_dir}/data/
output_dir: ${paths.root_dir}/saves/${mode}/${task_name}
""",
}


def write(folder):
    for name, text in TREE.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text.lstrip("\n"))
