/** A name for a deployment whose owner gave none: `superset-quiet-otter`. */
import { randomInt } from "node:crypto";

const adjectives =
  "amber ancient autumn blue bold brave bright calm clear clever cosmic crisp dawn deep eager early fair fast gentle golden grand green happy hidden humble icy jolly keen kind late light lively lucky lunar mellow merry misty noble northern open patient polished proud quick quiet rapid rosy royal rustic sharp shiny silent silver simple smooth snowy solar steady still sunny swift tidy vivid warm wild wise young zesty".split(
    " ",
  );
const animals =
  "badger bear beaver bison camel cheetah crane cricket deer dolphin dove duck eagle falcon finch fox gazelle gecko goose hare hawk hedgehog heron ibex jaguar kestrel kiwi koala lark lemur lion llama lynx magpie marten mole moose moth newt ocelot orca osprey otter owl panda panther pelican penguin petrel puffin quail rabbit raven robin salmon seal shark sparrow squid stork swan swift tapir tern thrush tiger toad trout turtle walrus whale wolf wombat wren yak zebra".split(
    " ",
  );

/** @param draw gives a whole number below its argument */
export function generatedName(appType: string, draw: (max: number) => number = randomInt): string {
  return [appType, adjectives[draw(adjectives.length)], animals[draw(animals.length)]].join("-");
}
